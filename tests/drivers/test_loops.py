"""Event loops: each has connections of its own, which end with it."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import finalize

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from litestar_sessions import SQLAlchemyAsyncConfig, SQLAlchemySessionConfig
from litestar_sessions._drivers.loops import engine_in_loop
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from sqlalchemy import URL

    from tests.support.databases import Database

T = TypeVar("T")

VISITORS, VISITS = 4, 15

COUNTS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist"
    " WHERE db = database() AND id <> connection_id()",
}
WATCHERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


def config_for(url: URL | str, *, is_ours: bool = True) -> SQLAlchemySessionConfig:
    """Return a config on an engine of this package, or on one of an application."""
    if is_ours:
        alchemy = SQLAlchemyAsyncConfig(url)
    else:
        alchemy = SQLAlchemyAsyncConfig(engine_instance=create_async_engine(url))
    return SQLAlchemySessionConfig(alchemy_config=alchemy, model=UserSession, create_table=True)


async def visit(config: SQLAlchemySessionConfig, name: str) -> None:
    """Have several visitors look again and again whether their sessions are their own."""
    backend: Any = config.create_backend()

    async def one(visitor: str) -> None:
        for number in range(VISITS):
            mine = f"{visitor}, {number}".encode()
            await backend.set(visitor, mine)
            assert await backend.get(visitor) == mine

    await one(name)  # the first operation also creates the table
    await asyncio.gather(*(one(f"{name} {number}") for number in range(VISITORS)))


def run_and_drop_the_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run something in a loop that is closed by hand, without what `asyncio.run` does before."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


RUNS: list[Callable[[Any], Any]] = [asyncio.run, run_and_drop_the_loop]


@contextmanager
def counted(database: Database) -> Iterator[Callable[..., None]]:
    """Lend what waits until the server has no connection but its own; a file has none."""
    if database.server is None:
        yield lambda left=0: None  # noqa: ARG005 - as below
        return
    dialect = database.url.get_backend_name()
    engine = create_engine(database.url.set(drivername=WATCHERS[dialect]), poolclass=NullPool)

    def wait(left: int = 0) -> None:
        while True:
            with engine.connect() as connection:
                if connection.execute(text(COUNTS[dialect])).scalar_one() <= left:
                    return

    yield wait


@pytest.fixture
def none_left(async_database: Database) -> Iterator[Callable[..., None]]:
    """Wait until the server has no more connections than before, and a few that are told."""
    with counted(async_database) as wait:
        wait()
        yield wait


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("is_ours", [True, False], ids=["our engine", "sibling"])
def test_loops_follow_each_other(
    async_database: Database, none_left: Callable[..., None], run: Any, is_ours: bool
) -> None:
    config = config_for(async_database.url, is_ours=is_ours)
    for name in ("first", "second", "third"):
        run(visit(config, name))
    assert run(engine_of(config)) is config.engine
    asyncio.run(config.dispose())
    gc.collect()
    none_left()


async def engine_of(config: SQLAlchemySessionConfig) -> Any:
    return engine_in_loop(config.engine)  # type: ignore[arg-type]  # an async one


def test_the_connections_of_a_loop_end_with_it(
    async_database: Database, none_left: Callable[..., None]
) -> None:
    config = config_for(async_database.url)
    threads = threading.enumerate()
    asyncio.run(visit(config, "Ann"))
    none_left()
    for thread in set(threading.enumerate()).difference(threads):
        thread.join(timeout=30)  # aiosqlite's has closed its file, and may be about to end
        assert not thread.is_alive()


def test_a_closed_loop_loses_its_connections_to_the_next_one(
    async_database: Database, none_left: Callable[..., None]
) -> None:
    config = config_for(async_database.url)
    run_and_drop_the_loop(visit(config, "Ann"))
    asyncio.run(visit(config, "Bob"))
    gc.collect()
    none_left()


def test_loops_run_at_once(async_database: Database, none_left: Callable[..., None]) -> None:
    config = config_for(async_database.url)
    for _ in range(2):
        with ThreadPoolExecutor(3) as executor:
            for done in [
                executor.submit(asyncio.run, visit(config, name)) for name in ("Ann", "Bob", "Cy")
            ]:
                done.result()
    none_left()


def test_one_loop_disposes_while_another_one_works(async_database: Database) -> None:
    config = config_for(async_database.url)
    is_over = threading.Event()

    async def work() -> int:
        times = 0
        while not is_over.is_set() or not times:
            await visit(config, "Ann")
            times += 1
        return times

    async def use_and_dispose() -> None:
        for _ in range(5):
            await visit(config, "Bob")
            await config.dispose()

    with ThreadPoolExecutor(1) as executor:
        working = executor.submit(asyncio.run, work())
        try:
            for _ in range(2):
                asyncio.run(use_and_dispose())
        finally:
            is_over.set()
        assert working.result() > 0


def test_a_disposing_loop_closes_its_own_connections_alone(
    async_database: Database, none_left: Callable[..., None]
) -> None:
    config = config_for(async_database.url)
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    first.run_until_complete(visit(config, "Ann"))
    engines: list[Any] = [config.engine, config.settings.patient_engine]
    kept = sum(each.pool.checkedin() for each in engines)
    second.run_until_complete(visit(config, "Bob"))
    second.run_until_complete(config.dispose())
    assert sum(each.pool.checkedin() for each in engines) == kept > 1
    none_left(kept)
    first.run_until_complete(visit(config, "Ann"))
    for loop in (first, second):
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    none_left()


def test_an_engine_that_sessions_share_serves_two_loops_but_is_not_closed(
    async_database: Database,
) -> None:
    engine = create_async_engine(async_database.url)
    alchemy = SQLAlchemyAsyncConfig(engine_instance=engine)
    config = SQLAlchemySessionConfig(
        alchemy_config=alchemy, model=UserSession, create_table=True, own_pool=False
    )

    async def first() -> None:
        await visit(config, "Ann")
        await engine.dispose()

    pool = engine.pool
    asyncio.run(first())
    assert engine.pool is not pool
    pool = engine.pool
    asyncio.run(visit(config, "Bob"))
    assert engine.pool is pool


def test_listeners_hear_every_loop(async_database: Database) -> None:
    config = config_for(async_database.url)
    engine: Any = config.engine
    opened: list[object] = []
    heard: list[object] = []
    event.listen(engine.sync_engine, "connect", lambda connection, _: opened.append(connection))

    async def visit_in_twin() -> None:
        twin = await engine_of(config)
        assert twin is not engine
        before = len(opened)
        await visit(config, "Bob")
        assert len(opened) > before
        event.listen(engine.sync_engine, "before_execute", lambda *_: heard.append(_))
        await visit(config, "Bob")
        assert heard

    first = asyncio.new_event_loop()
    first.run_until_complete(visit(config, "Ann"))
    asyncio.run(visit_in_twin())
    first.run_until_complete(config.dispose())
    first.close()


def test_a_database_in_memory_is_one_for_all_loops() -> None:
    config = config_for("sqlite+aiosqlite://")
    backend: Any = config.create_backend()
    asyncio.run(backend.set("Ann", b"data"))
    assert asyncio.run(backend.get("Ann")) == b"data"
    asyncio.run(config.dispose())


def test_tables_are_created_in_any_loop(async_database: Database) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    for run in RUNS * 2:
        run(config.create_tables())
    asyncio.run(config.dispose())


def test_an_engine_that_nobody_has_any_more_is_freed(async_database: Database) -> None:
    loop = asyncio.new_event_loop()
    freed = threading.Event()

    async def use() -> None:
        config = config_for(async_database.url)
        engine: Any = config.engine
        await visit(config, "Ann")
        with ThreadPoolExecutor(1) as executor:
            await asyncio.wrap_future(executor.submit(asyncio.run, visit(config, "Bob")))
        await config.dispose()
        finalize(engine.sync_engine, freed.set)

    loop.run_until_complete(use())
    gc.collect()
    assert freed.is_set()
    loop.close()
