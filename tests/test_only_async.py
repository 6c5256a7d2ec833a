"""What only the async half meets: a verb that is cancelled while it waits, wherever that is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from litestar_sessions import AsyncSessionStorage, SQLAlchemyAsyncConfig
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.support.clock import Clock
    from tests.support.databases import Database

MOST = 200
"""More often than any verb waits."""

VERBS: dict[str, Any] = {
    "load": lambda storage, _: storage.load("id"),
    "load_and_touch": lambda storage, later: storage.load_and_touch("id", later),
    "create": lambda storage, later: storage.create("new", b"new", later),
    "save": lambda storage, later: storage.save("id", b"new", later),
    "update": lambda storage, later: storage.update("id", b"new", later, new_id="new"),
    "touch": lambda storage, later: storage.touch("id", later),
    "rotate": lambda storage, _: storage.rotate("id", "new"),
    "delete": lambda storage, _: storage.delete("id"),
    "delete_expired": lambda storage, _: storage.delete_expired(),
}


async def cancelled_after(steps: int, work: Awaitable[object]) -> bool:
    """Cancel the work when the loop has gone round that often; return whether it was not done."""
    task = asyncio.ensure_future(work)
    for _ in range(steps):
        if task.done():
            break
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_that_is_cancelled_does_all_or_nothing(
    async_database: Database, clock: Clock, verb: str
) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    engine = config.get_engine()
    storage = AsyncSessionStorage(engine, UserSession, clock=clock)
    await storage.create_table()

    async def begin() -> None:
        await storage.delete_all()
        await storage.create("id", b"old", clock.after(minutes=20))
        await storage.create("expired", b"old", clock.now)

    async def state() -> list[object]:
        sessions = [await storage.load(name) for name in ("id", "new")]
        return [*sessions, await storage.delete_expired()]

    await begin()
    before = await state()
    await begin()
    await VERBS[verb](storage, clock.after(minutes=30))
    after = await state()

    steps, cancelled = 0, 0
    while steps < MOST:
        await begin()
        was_cancelled = await cancelled_after(steps, VERBS[verb](storage, clock.after(minutes=30)))
        assert await state() in (before, after), steps
        assert engine.pool.checkedout() == 0, steps  # type: ignore[attr-defined]  # a QueuePool
        cancelled += was_cancelled
        if not was_cancelled:
            break
        steps += 1
    assert cancelled > 0
    assert steps < MOST
    await config.dispose()
