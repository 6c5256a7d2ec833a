# The source of a generated twin: see CONTRIBUTING.md.
"""Random histories of verbs give what a dictionary gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from litestar_sessions import AsyncSessionStorage, SessionExistsError
from litestar_sessions._async.encrypted import open_async_storage
from litestar_sessions._sql.seals import Seals
from tests.support.histories import HISTORIES, Model, Step
from tests.support.models import UserSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock


async def perform(storage: AsyncSessionStorage, step: Step) -> object:
    """Return what the storage answers, or what stands for its error."""
    try:
        return await getattr(storage, step.verb)(*step.arguments, **step.options)
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
async def test_a_storage_answers_as_a_dictionary_does(
    engine: AsyncEngine, clock: Clock, seals: Seals | None, history: list[Step]
) -> None:
    storage = open_async_storage(engine, UserSession, seals, clock=clock)
    await storage.delete_all()
    model = Model(clock)
    for step in history:
        clock.advance(microseconds=step.pause)
        placed = step.at(clock)
        assert await perform(storage, placed) == model.perform(placed), placed
    for session_id in model.ids():
        assert await storage.load(session_id) == model.load(session_id)
    assert await storage.delete_all() == model.delete_all()
