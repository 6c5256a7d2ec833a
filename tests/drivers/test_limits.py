"""What servers and drivers are told of the time that an operation has."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
)
from litestar_sessions._drivers.cutting import descriptor_of
from tests.support.faults import ON_A_WIRE
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.support.databases import Servers

PATIENCE = 5.0
DRIVERS = (*ON_A_WIRE, "async sqlite+aiosqlite", "sync sqlite+pysqlite")
QUESTIONS = {
    "postgresql": "SHOW statement_timeout",
    "mysql": "SELECT concat(@@innodb_lock_wait_timeout, ' ', @@max_statement_time)",
    "sqlite": "PRAGMA busy_timeout",
}
LIMITED = {"postgresql": "4s", "mysql": "4 4.000000", "sqlite": 4_000}
FREE = {"postgresql": "0", "mysql": "50 0.000000", "sqlite": 10_000}
FREE_OF_THEIRS = FREE | {"sqlite": 5_000}


@pytest.fixture(params=DRIVERS)
def place(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> tuple[bool, Any]:
    """A half, and the URL of a database."""
    half, _, name = request.param.partition(" ")
    return half == "async", servers.database(name, tmp_path).url


async def said(engine: Any) -> Any:
    """Return what the server, or SQLite, says of its limits on a connection of an engine."""
    question = text(QUESTIONS[engine.dialect.name])
    if hasattr(engine, "sync_engine"):
        async with engine.connect() as connection:
            return (await connection.execute(question)).scalar()
    with engine.connect() as sync_connection:
        return sync_connection.execute(question).scalar()


def config_on(
    is_async: bool, url: Any, *, of_application: bool = False, **options: Any
) -> SQLAlchemySessionConfig:
    kind: Any = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    create: Callable[..., Any] = create_async_engine if is_async else create_engine
    alchemy = kind(engine_instance=create(url)) if of_application else kind(url, **options)
    return SQLAlchemySessionConfig(
        alchemy_config=alchemy, model=UserSession, database_timeout=PATIENCE
    )


@pytest.mark.parametrize("of_application", [False, True], ids=["our engine", "their engine"])
async def test_connections_for_requests_have_limits_and_others_have_none(
    place: tuple[bool, Any], of_application: bool
) -> None:
    config = config_on(*place, of_application=of_application)
    theirs = config.alchemy_config.get_engine()
    kind = config.engine.dialect.name
    free = FREE_OF_THEIRS if of_application else FREE
    assert await said(config.engine) == LIMITED[kind]
    assert await said(config.settings.patient_engine) == free[kind]
    assert await said(theirs) == free[kind]
    assert await said(config.engine) == LIMITED[kind]
    await config.dispose()
    disposing = theirs.dispose()
    if disposing is not None:
        await disposing


@pytest.mark.parametrize("driver", ON_A_WIRE)
async def test_the_system_asks_servers_for_signs_of_life(
    driver: str, servers: Servers, tmp_path: Path
) -> None:
    half, _, name = driver.partition(" ")
    place = half == "async", servers.database(name, tmp_path).url
    ours, on_theirs = config_on(*place), config_on(*place, of_application=True)
    for config in (ours, on_theirs):
        for engine in (config.engine, config.settings.patient_engine):
            assert await keepalive(engine) == (1, 60)
    theirs = on_theirs.alchemy_config.get_engine()
    assert (await keepalive(theirs))[1] != 60
    for config in (ours, on_theirs):
        await config.dispose()
    disposing = theirs.dispose()
    if disposing is not None:
        await disposing


async def keepalive(engine: Any) -> tuple[int, int]:
    """Return whether a connection of an engine is kept alive, and after how many seconds."""
    if hasattr(engine, "sync_engine"):
        async with engine.connect() as connection:
            return options_of((await connection.get_raw_connection()).driver_connection)
    with engine.connect() as sync_connection:
        return options_of(sync_connection.connection.driver_connection)


def options_of(driver: Any) -> tuple[int, int]:
    with socket.socket(fileno=os.dup(descriptor_of(driver))) as line:
        is_on = line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        return is_on, line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)


OWN: dict[str, tuple[dict[str, Any], Any]] = {
    "async postgresql+asyncpg": ({"server_settings": {"statement_timeout": "2500"}}, "2500ms"),
    "async postgresql+psycopg": ({"options": "-c statement_timeout=2500"}, "2500ms"),
    "sync postgresql+psycopg": ({"options": "-c statement_timeout=2500"}, "2500ms"),
    "sync postgresql+psycopg2": ({"options": "-c statement_timeout=2500"}, "2500ms"),
    "sync sqlite+pysqlite": ({"timeout": 1}, 1_000),
}


@pytest.mark.parametrize("driver", OWN)
async def test_a_limit_of_the_application_stays(
    driver: str, servers: Servers, tmp_path: Path
) -> None:
    half, _, name = driver.partition(" ")
    arguments, expected = OWN[driver]
    url = servers.database(name, tmp_path).url
    config = config_on(half == "async", url, connect_args=arguments)
    assert await said(config.engine) == expected
    await config.dispose()


def test_a_listener_that_brings_the_password_of_the_hour_is_still_heard(
    servers: Servers, tmp_path: Path
) -> None:
    url = servers.database("postgresql+psycopg", tmp_path).url
    engine: Engine = create_engine(url)
    config = SQLAlchemySessionConfig(
        alchemy_config=SQLAlchemySyncConfig(engine_instance=engine),
        model=UserSession,
        database_timeout=PATIENCE,
    )
    users: list[str] = []

    def bring_password(_dialect: object, _record: object, _args: object, options: Any) -> None:
        users.append(options["user"])

    event.listen(engine, "do_connect", bring_password)
    sessions: Any = config.engine
    with closing(sessions.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("4s",)
    assert users == [url.username]
    sessions.dispose()
    engine.dispose()


@pytest.mark.parametrize("is_pinged", [False, True])
def test_pymysql_polls_only_where_a_pool_asks_by_itself(
    servers: Servers, tmp_path: Path, *, is_pinged: bool
) -> None:
    url = servers.database("mysql+pymysql", tmp_path).url
    engine = create_engine(url, pool_pre_ping=is_pinged)
    alchemy = SQLAlchemySyncConfig(engine_instance=engine)
    config = SQLAlchemySessionConfig(
        alchemy_config=alchemy, model=UserSession, database_timeout=PATIENCE
    )
    sessions: Any = config.engine
    with closing(sessions.raw_connection()) as connection:
        expected = PATIENCE if is_pinged else None
        assert connection.driver_connection._read_timeout == expected
        assert connection.driver_connection._write_timeout == expected
    sessions.dispose()
    engine.dispose()
