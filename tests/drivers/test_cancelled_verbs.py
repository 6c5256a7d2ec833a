"""What only the async half meets: a verb that is cancelled while it waits, wherever that is."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
)
from tests.support.databases import ASYNC_DRIVERS
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database, Servers

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


class Interrupted:
    """Work that is cancelled when it waits for the n-th time."""

    def __init__(self, work: Coroutine[Any, Any, object], number: int) -> None:
        self._work = work
        self._left = number

    def __await__(self) -> Generator[Any, Any, object]:
        resume: Callable[[Any], Any] = self._work.send
        value: Any = None
        while True:
            try:
                future = resume(value)
            except StopIteration as done:
                return done.value
            self._left -= 1
            if self._left == 0:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                value, resume = (yield future), self._work.send
            except BaseException as error:  # noqa: BLE001 - the work gets it
                value, resume = error, self._work.throw


async def is_cancelled(work: Coroutine[Any, Any, object], number: int) -> bool:
    """Cancel the work when it waits for the n-th time; return whether it ever did."""

    async def perform() -> None:
        await Interrupted(work, number)

    try:
        await asyncio.create_task(perform())
    except asyncio.CancelledError:
        return True
    return False


@pytest.fixture(params=ASYNC_DRIVERS)
def cancellable(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Database:
    """A database for each async driver."""
    return servers.database(request.param, tmp_path)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_that_is_cancelled_does_all_or_nothing(
    cancellable: Database, clock: Clock, verb: str
) -> None:
    config = SQLAlchemyAsyncConfig(cancellable.url)
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

    number = 0
    was_cancelled = True
    while was_cancelled:
        number += 1
        await begin()
        work = VERBS[verb](storage, clock.after(minutes=30))
        was_cancelled = await is_cancelled(work, number)
        # aiosqlite's thread cannot be interrupted, and what it does is done to the end.
        while engine.dialect.driver == "aiosqlite" and engine.pool.checkedout():  # type: ignore[attr-defined]  # a QueuePool
            await asyncio.sleep(0)
        assert await state() in (before, after), number
        assert engine.pool.checkedout() == 0, number  # type: ignore[attr-defined]  # as above
    assert number > 1
    await config.dispose()


@pytest.mark.parametrize("is_waiting", [True, False], ids=["waiting for a lock", "at work"])
async def test_a_cancelled_verb_on_an_engine_of_an_application_keeps_no_lock(
    tmp_path: Path, is_waiting: bool
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    engine = create_async_engine(url, connect_args={"timeout": 30})
    alchemy = SQLAlchemyAsyncConfig(engine_instance=engine, create_all=True)
    config = ServerSideSessionConfig(renew_on_access=True)
    backend = SQLAlchemyAsyncSessionBackend(config, alchemy, UserSession)
    await backend.set("id", b"0")
    place = tmp_path / "sessions.db"
    with closing(sqlite3.connect(place, isolation_level=None, timeout=0)) as other:
        for number in range(40):
            while is_waiting and not other.in_transaction:
                await asyncio.sleep(0.001)
                with suppress(sqlite3.OperationalError):  # what was cancelled may still be at work
                    other.execute("BEGIN IMMEDIATE")
            getting = asyncio.create_task(backend.get("id"))
            await asyncio.sleep(number * 0.0001)
            getting.cancel()
            await asyncio.wait([getting])
            if is_waiting:
                other.execute("ROLLBACK")
            await asyncio.wait_for(backend.set("id", b"1"), 10)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task  # which gives back what a cancelled one had
    await engine.dispose()
