"""What runs statements: the driver where nobody watches, otherwise SQLAlchemy, with one outcome."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)
from litestar_sessions._requests.threaded import in_place
from tests.support.calls import called
from tests.support.databases import threads_of_aiosqlite_end
from tests.support.lives import WARM_UP, life
from tests.support.models import FullSession, MissingSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import URL, Engine

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock
    from tests.support.databases import Database, Servers

MOST_CALLS = {
    (True, "sqlite+aiosqlite"): (302, 344),
    (True, "postgresql+asyncpg"): (160, 165),
    (True, "postgresql+psycopg"): (280, 285),
    (True, "mysql+asyncmy"): (155, 160),
    (False, "sqlite+pysqlite"): (96, 100),
    (False, "postgresql+psycopg"): (160, 165),
    (False, "mysql+pymysql"): (340, 170),
}
"""How many Python functions a ``load`` may call, and any other verb of a single statement.

A fifth above what it takes on Python 3.11.
"""
WRITES = ("create", "save", "touch", "update", "rotate", "delete", "delete_expired", "delete_all")


class _Here:
    """A sync storage whose verbs are awaited, and done in the thread that awaits them."""

    def __init__(self, storage: SyncSessionStorage) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(self._storage, name)(*args, **kwargs)

        return call


@asynccontextmanager
async def opened(
    url: URL | str, clock: Clock, *, is_async: bool, model: type[Any] = FullSession, **options: Any
) -> AsyncIterator[tuple[SessionStorage, Engine]]:
    """Lend a storage on an engine of this package, and the sync engine that its pool is of."""
    if is_async:
        engine = SQLAlchemyAsyncConfig(url, **options).get_engine()
        storage = AsyncSessionStorage(engine, model, clock=clock)
        yield in_place(storage, engine), engine.sync_engine
        await engine.dispose()
    else:
        sync_engine = SQLAlchemySyncConfig(url, **options).get_engine()
        yield _Here(SyncSessionStorage(sync_engine, model, clock=clock)), sync_engine
        sync_engine.dispose()


async def is_direct(storage: SessionStorage) -> bool:
    """Tell whether a statement gets past SQLAlchemy."""
    await storage.load("id")  # what is done once has been done then
    with called() as codes:
        await storage.load("id")
    return Connection.execute.__code__ not in codes


async def live(storage: SessionStorage, clock: Clock) -> dict[str, list[Any]]:
    """Perform every verb; return the code that each has called."""
    codes = {}
    for verb, step in life(storage, clock).items():
        with called() as codes[verb]:
            await step()
    return codes


async def test_every_verb_is_done_by_the_driver(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    async with opened(database.url, clock, is_async=is_async) as (storage, engine):
        await storage.create_table()
        await storage.delete_all()
        for _ in range(WARM_UP):
            codes = await live(storage, clock)
        others = [verb for verb, those in codes.items() if Connection.execute.__code__ in those]
        assert others == []
        for_load, for_others = MOST_CALLS[is_async, engine.url.drivername]
        assert len(codes["load"]) < for_load
        assert max(len(codes[verb]) for verb in WRITES) < for_others


async def test_a_listener_that_comes_and_goes_hears_every_statement(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    heard = []

    def listen(_connection: object, _cursor: object, text: str, *_: object) -> None:
        heard.append(text)

    async with opened(database.url, clock, is_async=is_async) as (storage, engine):
        await storage.create_table()
        await storage.load("id")
        event.listen(engine, "before_cursor_execute", listen)
        await storage.load("id")
        await storage.delete("id")
        assert [text.partition(" ")[0] for text in heard] == ["SELECT", "DELETE"]
        event.remove(engine, "before_cursor_execute", listen)
        await storage.load("id")
        assert len(heard) == 2


@pytest.mark.parametrize("name", ["do_execute", "handle_error"])
async def test_what_a_driver_is_watched_with_is_heard(
    name: str, clock: Clock, tmp_path: Any
) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    async with opened(url, clock, is_async=False, model=MissingSession) as (storage, engine):
        heard = []
        event.listen(engine, name, lambda *_: heard.append(name))
        with pytest.raises(Exception, match="no such table"):
            await storage.load("id")
        assert heard == [name]


async def test_the_log_has_every_statement(
    clock: Clock, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    async with opened(url, clock, is_async=False) as (storage, engine):
        await storage.create_table()
        assert await is_direct(storage)
        with caplog.at_level(logging.INFO, "sqlalchemy.engine"):
            create_engine("sqlite://")  # which is when SQLAlchemy asks for the level
            engine.echo = True
            await storage.load("id")
        engine.echo = False
        assert any("SELECT" in message for message in caplog.messages)
        assert not any("'id'" in message for message in caplog.messages)


async def test_a_listener_that_brings_the_password_costs_nothing(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    connected = []
    async with opened(database.url, clock, is_async=is_async) as (storage, engine):
        event.listen(engine, "do_connect", lambda *arguments: connected.append(arguments))
        await storage.create_table()
        assert connected
        assert await is_direct(storage)


async def test_execution_options_are_heeded(clock: Clock, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    options = {"schema_translate_map": {None: "main"}}
    async with opened(url, clock, is_async=False, execution_options=options) as (storage, engine):
        seen: list[str] = []
        event.listen(engine, "connect", lambda driver, _: driver.set_trace_callback(seen.append))
        await storage.create_table()
        await storage.load("id")
        assert "FROM main.full_sessions" in seen[-1]


async def test_an_engine_of_the_application_is_left_to_sqlalchemy(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    if is_async:
        engine = create_async_engine(database.url)
        storage = AsyncSessionStorage(engine, FullSession, clock=clock)
        await storage.create_table()
        assert not await is_direct(storage)
        await engine.dispose()
    else:
        sync_engine = create_engine(database.url)
        here: Any = _Here(SyncSessionStorage(sync_engine, FullSession, clock=clock))
        await here.create_table()
        assert not await is_direct(here)
        sync_engine.dispose()


async def failure(
    url: URL, clock: Clock, *, is_async: bool, is_watched: bool
) -> tuple[object, ...]:
    """Return what can be seen of the error of a storage that cannot work."""
    arguments = {"is_async": is_async, "model": MissingSession}
    async with opened(url, clock, **arguments) as (storage, engine):  # type: ignore[arg-type]  # one of each
        if is_watched:
            event.listen(engine, "before_cursor_execute", lambda *_: None)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - they are compared
            await storage.save("id", b"secret", clock.after(minutes=1))
        error: Any = caught.value
        of_sqlalchemy = ("statement", "hide_parameters", "code", "orig", "connection_invalidated")
        seen = [repr(getattr(error, name, None)) for name in of_sqlalchemy]
        cause = (type(error), str(error), type(error.__cause__))
        return *seen, *cause, engine.pool.checkedout()  # type: ignore[attr-defined]  # a QueuePool


async def test_an_error_of_a_statement_is_the_one_of_sqlalchemy(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    direct, watched = [
        await failure(database.url, clock, is_async=is_async, is_watched=is_watched)
        for is_watched in (False, True)
    ]
    assert direct == watched
    assert "secret" not in str(direct)
    assert direct[-1] == 0


async def test_an_error_of_connecting_is_the_one_of_sqlalchemy(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    if database.server is None:
        url = database.url.set(database="/nowhere/sessions.db")
    else:
        url = database.url.set(port=1)
    direct, watched = [
        await failure(url, clock, is_async=is_async, is_watched=is_watched)
        for is_watched in (False, True)
    ]
    await threads_of_aiosqlite_end()
    assert direct == watched
    assert direct[-1] == 0


async def test_a_migration_may_change_a_table_whose_statements_asyncpg_has_prepared(
    servers: Servers, tmp_path: Any, clock: Clock
) -> None:
    url = servers.database("postgresql+asyncpg", tmp_path).url
    async with opened(url, clock, is_async=True) as (storage, _):
        await storage.create_table()
        await storage.save("id", b"data", clock.after(minutes=1))
        await storage.load("id")
        await storage.load("id")
        for length in (300, 255):
            migrate(
                url, f"ALTER TABLE full_sessions ALTER COLUMN session_id TYPE varchar({length})"
            )
            session = await storage.load("id")
            assert session is not None
            assert session.data == b"data"


def migrate(url: URL, change: str) -> None:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
