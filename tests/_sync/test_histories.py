# Generated from tests/_async/test_histories.py (make generate): edit that, not this.
"""Random histories of verbs give what a dictionary gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from litestar_sessions import SyncSessionStorage, SessionExistsError
from litestar_sessions._sync.encrypted import open_sync_storage
from litestar_sessions._sql.seals import Seals
from tests.support.histories import HISTORIES, Model, Step
from tests.support.models import UserSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.support.clock import Clock


def perform(storage: SyncSessionStorage, step: Step) -> object:
    """Return what the storage answers, or what stands for its error."""
    try:
        return getattr(storage, step.verb)(*step.arguments, **step.options)
    except SessionExistsError:
        return SessionExistsError


SEALS = {"plain": None, "encrypted": Seals(["secret" * 8], "user_sessions")}


@pytest.mark.parametrize("seals", SEALS.values(), ids=list(SEALS))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORIES)
def test_a_storage_answers_as_a_dictionary_does(
    engine: Engine, clock: Clock, seals: Seals | None, history: list[Step]
) -> None:
    storage = open_sync_storage(engine, UserSession, seals, clock=clock)
    storage.delete_all()
    model = Model(clock)
    for step in history:
        clock.advance(microseconds=step.pause)
        placed = step.at(clock)
        assert perform(storage, placed) == model.perform(placed), placed
    for session_id in model.ids():
        assert storage.load(session_id) == model.load(session_id)
    assert storage.delete_all() == model.delete_all()
