"""Connections are lent in the order in which they were asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from litestar_sessions import SQLAlchemyAsyncConfig
from litestar_sessions._drivers.queues import FairPool, fair
from litestar_sessions._drivers.siblings import sibling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


def ours(url: str, **options: Any) -> AsyncEngine:
    return SQLAlchemyAsyncConfig(url, **options).get_engine()


def for_theirs(url: str, **options: Any) -> Any:
    return sibling(create_async_engine(url, **options))


@pytest.fixture(params=[ours, for_theirs])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine of one connection, made here or for an engine of an application."""
    make: Callable[..., AsyncEngine] = request.param
    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    engine = make(url, pool_size=1, max_overflow=0, pool_timeout=20)
    yield engine
    await engine.dispose()


class Visitors:
    """Tasks that borrow the connection, and the order in which they got it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.served: list[int] = []

    async def visit(self, number: int) -> None:
        async with self._engine.connect():
            self.served.append(number)
            await asyncio.sleep(0)

    async def waiting(self, count: int) -> list[asyncio.Task[None]]:
        """Return tasks that wait for the connection, which somebody has."""
        tasks = [asyncio.create_task(self.visit(number)) for number in range(count)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert self.served == []
        return tasks


async def test_who_asks_first_is_served_first(engine: AsyncEngine) -> None:
    visitors = Visitors(engine)
    holder = await engine.connect()
    tasks = await visitors.waiting(5)
    await holder.close()
    await visitors.visit(99)  # who would not have to wait if others did not
    await asyncio.gather(*tasks)
    assert visitors.served == [*range(5), 99]


async def test_who_leaves_is_passed_over_and_no_connection_is_lost(engine: AsyncEngine) -> None:
    visitors = Visitors(engine)
    holder = await engine.connect()
    tasks = await visitors.waiting(5)
    tasks[2].cancel()
    await holder.close()
    tasks[0].cancel()  # to whom it was handed a moment ago
    await asyncio.wait(tasks)
    assert visitors.served == [1, 3, 4]
    await visitors.visit(5)


async def test_who_waits_too_long_is_told_so(tmp_path: Path) -> None:
    engine = ours(f"sqlite+aiosqlite:///{tmp_path}/sessions.db", pool_size=1, pool_timeout=0.01)
    async with engine.connect():
        with pytest.raises(PoolTimeoutError, match="connection timed out"):
            async with engine.connect():
                pass
    async with engine.connect():
        pass
    await engine.dispose()


async def test_the_pool_stays_fair_when_it_is_disposed(engine: AsyncEngine) -> None:
    await engine.dispose()
    assert isinstance(engine.pool, FairPool)
    assert engine.pool.size() == 1


def test_pools_of_other_kinds_are_left_as_they_are(tmp_path: Path) -> None:
    class Own(AsyncAdaptedQueuePool):
        pass

    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    for kind in (Own, NullPool):
        assert type(fair(create_async_engine(url, poolclass=kind).pool)) is kind
        assert type(ours(url, poolclass=kind).pool) is kind


async def test_a_pool_may_lend_the_last_one_first(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    engine = ours(url, pool_size=2, pool_use_lifo=True)
    one, other = await engine.connect(), await engine.connect()
    drivers = [(await each.get_raw_connection()).driver_connection for each in (one, other)]
    await one.close()
    await other.close()
    async with engine.connect() as last:
        assert (await last.get_raw_connection()).driver_connection is drivers[1]
    await engine.dispose()


def test_a_pool_is_logged_as_those_of_sqlalchemy_are() -> None:
    engine = SQLAlchemyAsyncConfig("postgresql+asyncpg://host/db").get_engine()
    name = "sqlalchemy.pool.impl.AsyncAdaptedQueuePool"
    pools: list[Any] = [engine.pool, engine.pool.recreate()]
    assert [(type(pool), pool.logger.name) for pool in pools] == [(FairPool, name)] * 2
