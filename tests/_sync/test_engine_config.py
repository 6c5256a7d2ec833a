# Generated from tests/_async/test_engine_config.py (make generate): edit that, not this.
"""The contract of an engine config."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy import create_engine

from litestar_sessions import SyncSessionStorage, ConfigurationError, SQLAlchemySyncConfig
from litestar_sessions._drivers.engines import SYNC
from tests.support.at_once import sync_at_once
from tests.support.models import UserSession
from tests.support.urls import DATABASES, URLS, urls_of_the_other_kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database

MEMORY, SERVER = URLS[SYNC][0], URLS[SYNC][2]


def test_there_must_be_a_url_or_an_engine() -> None:
    with pytest.raises(ConfigurationError, match="either connection_string= or engine_instance="):
        SQLAlchemySyncConfig()


def test_there_must_not_be_both() -> None:
    engine = create_engine(MEMORY)
    with pytest.raises(ConfigurationError, match="not both"):
        SQLAlchemySyncConfig(MEMORY, engine_instance=engine)


@pytest.mark.parametrize("url", urls_of_the_other_kind(SYNC), ids=DATABASES)
def test_a_driver_of_the_other_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=SYNC.otherwise):
        SQLAlchemySyncConfig(url)


@pytest.mark.parametrize("text", ["user:secret at host", "", "mysql://user:secret@host:port/db"])
def test_what_is_no_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no database URL") as raised:
        SQLAlchemySyncConfig(text)
    assert "secret" not in str(raised.value)


def test_an_unknown_dialect_is_refused_without_the_password() -> None:
    with pytest.raises(ConfigurationError, match="no dialect 'postgras'") as raised:
        SQLAlchemySyncConfig("postgras://user:secret@host/database")
    assert "secret" not in str(raised.value)


def test_options_for_an_engine_that_exists_are_refused() -> None:
    engine = create_engine(SERVER)
    with pytest.raises(ConfigurationError, match="pool_size"):
        SQLAlchemySyncConfig(engine_instance=engine, pool_size=3)


def test_an_engine_that_exists_is_used_as_it_is() -> None:
    engine = create_engine(SERVER)
    assert SQLAlchemySyncConfig(engine_instance=engine).get_engine() is engine


def test_the_engine_is_the_same_every_time(sync_database: Database) -> None:
    config = SQLAlchemySyncConfig(sync_database.url)
    assert config.get_engine() is config.get_engine()
    config.dispose()


def test_options_reach_the_engine(sync_database: Database) -> None:
    config = SQLAlchemySyncConfig(sync_database.url, pool_size=3, echo=False, pool_recycle=60)
    assert config.get_engine().pool.size() == 3  # type: ignore[attr-defined]  # a QueuePool
    config.dispose()


def test_parameters_stay_out_of_error_messages(sync_database: Database) -> None:
    config = SQLAlchemySyncConfig(sync_database.url)
    with pytest.raises(Exception, match="SQL parameters hidden") as raised:
        with config.get_engine().connect() as connection:
            connection.execute(text("SELECT nothing WHERE 1 = :x"), {"x": "secret"})
    assert "secret" not in str(raised.value)
    config.dispose()


def test_a_disposed_engine_opens_new_connections(
    sync_database: Database, clock: Clock
) -> None:
    config = SQLAlchemySyncConfig(sync_database.url)
    config.create_tables()
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    storage.save("id", b"data", clock.after(minutes=20))
    config.dispose()
    assert storage.load("id") is not None
    config.dispose()


def test_disposing_leaves_an_engine_of_the_application_alone(
    sync_database: Database,
) -> None:
    engine = create_engine(sync_database.url)
    pool = engine.pool
    SQLAlchemySyncConfig(engine_instance=engine).dispose()
    assert engine.pool is pool
    engine.dispose()


def test_an_sqlite_file_has_a_write_ahead_log_and_waits_for_writers(tmp_path: Path) -> None:
    config = SQLAlchemySyncConfig(f"{MEMORY}/{tmp_path}/sessions.db")
    settings = {}
    with config.get_engine().connect() as connection:
        for name in ("journal_mode", "synchronous", "busy_timeout"):
            result = connection.execute(text(f"PRAGMA {name}"))
            settings[name] = result.scalar_one()
    assert settings == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 10_000}
    config.dispose()


def test_an_sqlite_database_in_memory_is_one_for_all(clock: Clock) -> None:
    config = SQLAlchemySyncConfig(MEMORY)
    config.create_tables()
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)

    def save(number: int) -> None:
        storage.save(f"id {number}", b"data", clock.after(minutes=20))

    sync_at_once(*(lambda number=number: save(number) for number in range(20)))
    assert storage.delete_all() == 20
    config.dispose()
