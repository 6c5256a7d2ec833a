"""Sessions behind PgBouncer in transaction mode, with the settings that the documentation names."""

from __future__ import annotations

import ast
import asyncio
import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

from litestar_sessions import (
    SessionDatabaseError,
    SessionPlugin,
    SessionUnavailableError,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
)
from tests.support.databases import url_on
from tests.support.models import UserSession
from tests.support.pgbouncer import start_pgbouncer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.databases import Database, Servers
    from tests.support.servers import Server

DOCS = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
SETTINGS: dict[str, dict[str, Any]] = {
    driver: ast.literal_eval(settings)
    for driver, settings in re.findall(
        r'"(postgresql\+\w+)://\S+@pgbouncer\S+",\n +connect_args=(\{.*\}),\n', DOCS
    )
} | {"postgresql+psycopg2": {}}
WAYS = {
    "postgresql+asyncpg": ("postgresql+asyncpg", SQLAlchemyAsyncConfig),
    "postgresql+psycopg, async": ("postgresql+psycopg", SQLAlchemyAsyncConfig),
    "postgresql+psycopg, sync": ("postgresql+psycopg", SQLAlchemySyncConfig),
    "postgresql+psycopg2": ("postgresql+psycopg2", SQLAlchemySyncConfig),
}
VISITORS = 60


@pytest.fixture(scope="module")
def database(servers: Servers) -> Database:
    return servers.database("postgresql+psycopg", Path())


@pytest.fixture(scope="module")
def pgbouncer(database: Database) -> Iterator[Server]:
    """A PgBouncer in front of the database, with fewer connections than a pool of ours."""
    assert database.server is not None
    server = start_pgbouncer(database.server)
    yield server
    server.stop()


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def way(request: pytest.FixtureRequest) -> tuple[str, Any]:
    """A driver with the config of its half."""
    way: tuple[str, Any] = request.param
    return way


def plugin_at(
    server: Server, database: Database, way: tuple[str, Any], settings: dict[str, Any]
) -> SessionPlugin:
    driver, config = way
    url = url_on(server, driver, str(database.url.database))
    return SessionPlugin(config(url, connect_args=settings), model=UserSession, create_table=True)


async def _visit(storage: SessionStorage, number: int) -> None:
    """Run ten operations, whose outcome shows that each statement was the one that was meant."""
    session_id, new_id = f"visitor {number}", f"visitor {number} after signing in"
    first, second = f"first of {number}".encode(), f"second of {number}".encode()
    expires_at = datetime.now(timezone.utc) + timedelta(hours=1)
    await storage.create(session_id, first, expires_at)
    assert await storage.touch(session_id, expires_at)
    assert await storage.update(session_id, second, expires_at)
    found = await storage.load_and_touch(session_id, expires_at)
    assert found is not None
    assert found.data == second
    await storage.save(session_id, first, expires_at)
    assert await storage.rotate(session_id, new_id)
    found = await storage.load(new_id)
    assert found is not None
    assert found.data == first
    assert await storage.load(session_id) is None
    await storage.delete(new_id)
    assert await storage.load(new_id) is None


async def _use(plugin: SessionPlugin) -> None:
    """Have many visitors at once, on all connections of the pool."""
    try:
        backend = plugin.config.create_backend()
        await backend.prepare()
        await backend.storage.delete_all()
        visits = [_visit(backend.storage, number) for number in range(VISITORS)]
        outcomes = await asyncio.gather(*visits, return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        assert await backend.storage.delete_expired() == 0
    finally:
        await plugin.config.dispose()


@pytest.mark.parametrize("is_watched", [False, True])
async def test_the_settings_of_the_documentation_work(
    pgbouncer: Server, database: Database, way: tuple[str, Any], *, is_watched: bool
) -> None:
    plugin = plugin_at(pgbouncer, database, way, SETTINGS[way[0]])
    if is_watched:  # statements are then run by SQLAlchemy
        engine: Any = plugin.config.engine
        event.listen(
            getattr(engine, "sync_engine", engine), "before_cursor_execute", lambda *_: None
        )
    await _use(plugin)


@pytest.mark.parametrize("name", ["postgresql+asyncpg", "postgresql+psycopg, async"])
async def test_without_them_connections_are_lost_again_and_again(
    pgbouncer: Server, database: Database, name: str
) -> None:
    plugin = plugin_at(pgbouncer, database, WAYS[name], {})
    lost: list[object] = []
    engine: Any = plugin.config.engine
    event.listen(engine.sync_engine, "invalidate", lambda *_: lost.append(_))
    # Giving up a connection may be enough. psycopg may also get the answer to another statement.
    with suppress(SessionUnavailableError, SessionDatabaseError, AssertionError):
        await _use(plugin)
    assert lost


def test_a_parameter_that_it_does_not_know_is_refused(
    pgbouncer: Server, database: Database
) -> None:
    url = url_on(pgbouncer, "postgresql+psycopg", str(database.url.database))
    engine = create_engine(url, connect_args={"options": "-c statement_timeout=5000"})
    with pytest.raises(DBAPIError, match="unsupported startup parameter"):
        engine.connect()


def test_a_setting_of_the_role_has_effect(pgbouncer: Server, database: Database) -> None:
    name = f"{database.url.database}_of_a_role"
    pgbouncer.make_database(name)
    with psycopg.connect(str(database.url.set(drivername="postgresql"))) as admin:
        change = "ALTER ROLE postgres IN DATABASE {} SET statement_timeout = '5s'"
        admin.execute(sql.SQL(change).format(sql.Identifier(name)))
    url = url_on(pgbouncer, "postgresql", name)
    with psycopg.connect(str(url)) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
