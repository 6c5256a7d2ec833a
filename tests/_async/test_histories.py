# The source of a generated twin: see CONTRIBUTING.md.
"""Random histories of verbs give what a dictionary gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from litestar_sessions import AsyncSessionStorage, SessionExistsError
from tests.support.histories import HISTORIES, Model, Step

if TYPE_CHECKING:
    from tests.support.clock import Clock


async def perform(storage: AsyncSessionStorage, step: Step) -> object:
    """Return what the storage answers, or what stands for its error."""
    try:
        return await getattr(storage, step.verb)(*step.arguments, **step.options)
    except SessionExistsError:
        return SessionExistsError


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORIES)
async def test_a_storage_answers_as_a_dictionary_does(
    storage: AsyncSessionStorage, clock: Clock, history: list[Step]
) -> None:
    await storage.delete_all()
    model = Model(clock)
    for step in history:
        clock.advance(microseconds=step.pause)
        placed = step.at(clock)
        assert await perform(storage, placed) == model.perform(placed), placed
    for session_id in model.ids():
        assert await storage.load(session_id) == model.load(session_id)
    assert await storage.delete_all() == model.delete_all()
