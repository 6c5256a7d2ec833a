# The source of a generated twin: see CONTRIBUTING.md.
"""The contract of an engine config."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import AsyncSessionStorage, ConfigurationError, SQLAlchemyAsyncConfig
from litestar_sessions._drivers.engines import ASYNC
from tests.support.at_once import async_at_once
from tests.support.models import UserSession
from tests.support.urls import DATABASES, URLS, urls_of_the_other_kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database

MEMORY, SERVER = URLS[ASYNC][0], URLS[ASYNC][2]


def test_there_must_be_a_url_or_an_engine() -> None:
    with pytest.raises(ConfigurationError, match="either connection_string= or engine_instance="):
        SQLAlchemyAsyncConfig()


def test_there_must_not_be_both() -> None:
    engine = create_async_engine(MEMORY)
    with pytest.raises(ConfigurationError, match="not both"):
        SQLAlchemyAsyncConfig(MEMORY, engine_instance=engine)


@pytest.mark.parametrize("url", urls_of_the_other_kind(ASYNC), ids=DATABASES)
def test_a_driver_of_the_other_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=ASYNC.otherwise):
        SQLAlchemyAsyncConfig(url)


@pytest.mark.parametrize("text", ["user:secret at host", "", "mysql://user:secret@host:port/db"])
def test_what_is_no_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no database URL") as raised:
        SQLAlchemyAsyncConfig(text)
    assert "secret" not in str(raised.value)


def test_an_unknown_dialect_is_refused_without_the_password() -> None:
    with pytest.raises(ConfigurationError, match="no dialect 'postgras'") as raised:
        SQLAlchemyAsyncConfig("postgras://user:secret@host/database")
    assert "secret" not in str(raised.value)


def test_options_for_an_engine_that_exists_are_refused() -> None:
    engine = create_async_engine(SERVER)
    with pytest.raises(ConfigurationError, match="pool_size"):
        SQLAlchemyAsyncConfig(engine_instance=engine, pool_size=3)


def test_an_engine_that_exists_is_used_as_it_is() -> None:
    engine = create_async_engine(SERVER)
    assert SQLAlchemyAsyncConfig(engine_instance=engine).get_engine() is engine


async def test_the_engine_is_the_same_every_time(async_database: Database) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    assert config.get_engine() is config.get_engine()
    await config.dispose()


async def test_options_reach_the_engine(async_database: Database) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url, pool_size=3, echo=False, pool_recycle=60)
    assert config.get_engine().pool.size() == 3  # type: ignore[attr-defined]  # a QueuePool
    await config.dispose()


async def test_parameters_stay_out_of_error_messages(async_database: Database) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    with pytest.raises(Exception, match="SQL parameters hidden") as raised:
        async with config.get_engine().connect() as connection:
            await connection.execute(text("SELECT nothing WHERE 1 = :x"), {"x": "secret"})
    assert "secret" not in str(raised.value)
    await config.dispose()


async def test_a_disposed_engine_opens_new_connections(
    async_database: Database, clock: Clock
) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    await config.create_tables()
    storage = AsyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    await storage.save("id", b"data", clock.after(minutes=20))
    await config.dispose()
    assert await storage.load("id") is not None
    await config.dispose()


async def test_disposing_leaves_an_engine_of_the_application_alone(
    async_database: Database,
) -> None:
    engine = create_async_engine(async_database.url)
    pool = engine.pool
    await SQLAlchemyAsyncConfig(engine_instance=engine).dispose()
    assert engine.pool is pool
    await engine.dispose()


async def test_an_sqlite_file_has_a_write_ahead_log_and_waits_for_writers(tmp_path: Path) -> None:
    config = SQLAlchemyAsyncConfig(f"{MEMORY}/{tmp_path}/sessions.db")
    settings = {}
    async with config.get_engine().connect() as connection:
        for name in ("journal_mode", "synchronous", "busy_timeout"):
            result = await connection.execute(text(f"PRAGMA {name}"))
            settings[name] = result.scalar_one()
    assert settings == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 10_000}
    await config.dispose()


async def test_an_sqlite_database_in_memory_is_one_for_all(clock: Clock) -> None:
    config = SQLAlchemyAsyncConfig(MEMORY)
    await config.create_tables()
    storage = AsyncSessionStorage(config.get_engine(), UserSession, clock=clock)

    async def save(number: int) -> None:
        await storage.save(f"id {number}", b"data", clock.after(minutes=20))

    await async_at_once(*(lambda number=number: save(number) for number in range(20)))
    assert await storage.delete_all() == 20
    await config.dispose()
