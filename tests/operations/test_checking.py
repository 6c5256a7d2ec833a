"""``litestar sessions check``: what needs attention, and what mends it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine

from litestar_sessions import SessionPlugin
from litestar_sessions._sql.types import utc_now
from tests.operations.test_commands import answer_of, fill, invoke, plugin_on
from tests.support.apps import app_with
from tests.support.databases import sync_engine_on
from tests.support.models import FullSession

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Database

SAFE: dict[str, Any] = {"secure": True, "httponly": True}


def problems(plugin: SessionPlugin, code: int = 1) -> dict[str, str]:
    """Return what the command finds, with the remedies."""
    found = answer_of(app_with(plugin), "check", code=code)["problems"]
    return {each["what"]: each["remedy"] for each in found}


def safe_plugin(database: Database, *, is_async: bool, **settings: Any) -> SessionPlugin:
    return plugin_on(database.url, is_async=is_async, **{**SAFE, **settings})


def test_a_table_as_this_package_creates_it_needs_nothing(
    any_database: tuple[bool, Database],
) -> None:
    is_async, database = any_database
    plugin = safe_plugin(database, is_async=is_async)
    drop(database)
    fill(plugin)
    answer = answer_of(app_with(plugin), "check")
    assert answer["problems"] == []
    assert set(answer["bytes_at_ten_times_the_size"]) == {"table", "indexes"}
    assert invoke(app_with(plugin), "check").stdout == "Nothing needs attention.\n"


def drop(database: Database) -> None:
    execute(database, "DROP TABLE IF EXISTS user_sessions")


def execute(database: Database, *statements: str) -> None:
    engine = sync_engine_on(database)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


DAMAGE = {
    "sqlite": ["DROP INDEX ix_user_sessions_expires_at"],
    "postgresql": [
        "DROP INDEX ix_user_sessions_expires_at",
        "ALTER TABLE user_sessions DROP CONSTRAINT uq_user_sessions_session_id",
        "ALTER TABLE user_sessions ALTER COLUMN session_id TYPE VARCHAR(64)",
        "ALTER TABLE user_sessions ALTER COLUMN expires_at TYPE TIMESTAMP WITHOUT TIME ZONE",
    ],
    "mysql": [
        "DROP INDEX ix_user_sessions_expires_at ON user_sessions",
        "ALTER TABLE user_sessions MODIFY session_id VARCHAR(255) COLLATE utf8mb4_general_ci",
        "ALTER TABLE user_sessions MODIFY data BLOB",
        "ALTER TABLE user_sessions MODIFY expires_at DATETIME",
        "ALTER TABLE user_sessions DROP INDEX uq_user_sessions_session_id",
    ],
}


def test_each_remedy_mends_what_it_is_for(sync_database: Database) -> None:
    plugin = safe_plugin(sync_database, is_async=False)
    drop(sync_database)
    fill(plugin)
    damage = DAMAGE[sync_database.url.get_backend_name()]
    execute(sync_database, *damage)
    found = problems(plugin)
    assert len(found) == len(damage)
    execute(sync_database, *found.values())
    assert problems(plugin, code=0) == {}
    drop(sync_database)


def test_people_need_indexes_of_their_own(tmp_path: Path) -> None:
    plugin = plugin_on(f"sqlite:///{tmp_path}/s.db", is_async=False, model=FullSession, **SAFE)
    fill(plugin)
    engine = create_engine(f"sqlite:///{tmp_path}/s.db", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for column in ("owner", "former_session_id"):
            connection.exec_driver_sql(f"DROP INDEX ix_full_sessions_{column}")
        found = problems(plugin)
        assert [what.split(",")[0].split()[-1] for what in found] == ["owner", "former_session_id"]
        for remedy in found.values():
            connection.exec_driver_sql(remedy)
    engine.dispose()
    assert problems(plugin, code=0) == {}


def test_a_missing_table_and_missing_columns_are_found(tmp_path: Path) -> None:
    plugin = plugin_on(f"sqlite:///{tmp_path}/s.db", is_async=False, **SAFE)
    (what,) = problems(plugin)
    assert "no table user_sessions" in what
    engine = create_engine(f"sqlite:///{tmp_path}/s.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE user_sessions (id BLOB PRIMARY KEY)")
    engine.dispose()
    ((what, remedy),) = problems(plugin).items()
    assert "session_id, data, expires_at" in what
    assert "ALTER TABLE user_sessions ADD session_id" in remedy


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"secure": False}, "secure=True"),
        ({"httponly": False}, "httponly=True"),
        ({"samesite": "none"}, "samesite='lax'"),
        ({"domain": "example.com"}, "Leave out domain=."),
        ({"hash_session_ids": False}, "hash_session_ids=True"),
        ({"take_over": "plain"}, "Leave out take_over=."),
    ],
)
def test_settings_that_are_unsafe_or_over_are_found(
    tmp_path: Path, settings: dict[str, Any], remedy: str
) -> None:
    plugin = plugin_on(f"sqlite:///{tmp_path}/s.db", is_async=False, **{**SAFE, **settings})
    fill(plugin)
    assert list(problems(plugin).values()) == [remedy]


def test_sessions_that_nothing_finds_are_found(sync_database: Database) -> None:
    before = safe_plugin(sync_database, is_async=False, hash_session_ids=False)
    fill(before, live=2, expired=1)
    ((what, remedy),) = problems(safe_plugin(sync_database, is_async=False)).items()
    assert what == "2 live sessions have IDs that are not found"
    taking_over = safe_plugin(sync_database, is_async=False, take_over=remedy.split("'")[1])
    assert list(problems(taking_over).values()) == ["Run litestar sessions take-over."]
    assert answer_of(app_with(taking_over), "take-over") == {"taken_over": 2, "left": 0}
    assert list(problems(taking_over).values()) == ["Leave out take_over=."]
    assert problems(safe_plugin(sync_database, is_async=False), code=0) == {}


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_clock_that_is_off_is_found(servers: Any, tmp_path: Path, driver: str) -> None:
    database = servers.database(driver, tmp_path)
    for minutes, sign in ((-2, "+120"), (2, "-120")):
        plugin = safe_plugin(
            database, is_async=False, clock=lambda m=minutes: utc_now() + timedelta(minutes=m)
        )
        fill(plugin)
        (what,) = problems(plugin)
        assert "clock of the database" in what
        assert sign in what or str(int(sign) - 1) in what or str(int(sign) + 1) in what


def test_more_connections_than_there_are_are_found(servers: Any, tmp_path: Path) -> None:
    database = servers.database("postgresql+psycopg", tmp_path)
    engine = create_engine(database.url, pool_size=1_000)
    plugin = SessionPlugin(engine, create_table=True, **SAFE)
    fill(plugin)
    (what,) = problems(plugin)
    assert "may open 2000 connections" in what
    engine.dispose()


def test_an_engine_without_autocommit_is_found(servers: Any, tmp_path: Path) -> None:
    database = servers.database("mysql+pymysql", tmp_path)
    engine = create_engine(database.url)
    plugin = SessionPlugin(engine, own_pool=False, create_table=True, **SAFE)
    fill(plugin)
    ((what, remedy),) = problems(plugin).items()
    assert "more than one round trip" in what
    assert "own_pool=False" in remedy
    engine.dispose()
