# Generated from tests/_async/test_histories.py (make generate): edit that, not this.
"""Random histories of verbs give what a dictionary gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from litestar_sessions import SyncSessionStorage, SessionExistsError
from tests.support.histories import HISTORIES, Model, Step

if TYPE_CHECKING:
    from tests.support.clock import Clock


def perform(storage: SyncSessionStorage, step: Step) -> object:
    """Return what the storage answers, or what stands for its error."""
    try:
        return getattr(storage, step.verb)(*step.arguments, **step.options)
    except SessionExistsError:
        return SessionExistsError


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORIES)
def test_a_storage_answers_as_a_dictionary_does(
    storage: SyncSessionStorage, clock: Clock, history: list[Step]
) -> None:
    storage.delete_all()
    model = Model(clock)
    for step in history:
        clock.advance(microseconds=step.pause)
        placed = step.at(clock)
        assert perform(storage, placed) == model.perform(placed), placed
    for session_id in model.ids():
        assert storage.load(session_id) == model.load(session_id)
    assert storage.delete_all() == model.delete_all()
