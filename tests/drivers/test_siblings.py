"""Sessions on an engine of the application: connections of their own, opened as its own are."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

from litestar.testing import AsyncTestClient
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from litestar_sessions import (
    SessionPlugin,
)
from tests.support.apps import app_with, serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Database


def test_an_engine_of_the_application_is_left_to_it(any_database: tuple[bool, Database]) -> None:
    is_async, database = any_database

    async def life() -> None:
        engine: Any = (create_async_engine if is_async else create_engine)(database.url)
        plugin = SessionPlugin(engine, create_table=True)
        own: Any = plugin.config.engine
        assert own is not engine
        assert getattr(own, "sync_engine", own).hide_parameters
        connection = await engine.connect() if is_async else engine.connect()
        async with AsyncTestClient(app_with(plugin)) as client:
            assert (await client.post("/set", json={"user": "Ann"})).status_code == 201
            assert own.pool.checkedin() > 0
        assert own.pool.checkedin() == 0
        assert not connection.closed
        closing, disposing = connection.close(), None
        if is_async:
            await closing
        disposing = engine.dispose()
        if is_async:
            await disposing

    asyncio.run(life())


def test_a_pool_of_its_own_can_be_declined(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/app.db")
    assert SessionPlugin(engine, own_pool=False).config.engine is engine
    engine.dispose()


def test_an_engine_without_a_pool_is_used_as_it_is(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/app.db", poolclass=NullPool)
    assert SessionPlugin(engine).config.engine is engine


def test_listeners_and_credentials_of_an_engine_hold_for_sessions_too(tmp_path: Path) -> None:
    opened: list[object] = []

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(tmp_path / "app.db", check_same_thread=False)
        opened.append(connection)
        return connection

    engine = create_engine("sqlite:///elsewhere.db", creator=connect)
    serve(app_with(SessionPlugin(engine, create_table=True)))
    assert opened
    assert not (tmp_path / "elsewhere.db").exists()
    engine.dispose()
