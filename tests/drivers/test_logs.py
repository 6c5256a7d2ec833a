"""What the log of an engine has of sessions that are on it without a pool of their own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from litestar_sessions import SessionPlugin
from tests.support.apps import app_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Database

WITHOUT_A_POOL = [({"poolclass": NullPool}, {}), ({}, {"own_pool": False})]


@pytest.mark.parametrize(("options", "settings"), WITHOUT_A_POOL, ids=["NullPool", "own_pool"])
def test_statements_are_logged_without_what_is_in_a_session(
    any_database: tuple[bool, Database],
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    is_async, database = any_database
    create: Any = create_async_engine if is_async else create_engine
    engine = create(database.url, echo="debug", **options)
    plugin = SessionPlugin(engine, create_table=True, hash_session_ids=False, **settings)
    with caplog.at_level(logging.DEBUG), TestClient(app_with(plugin)) as client:
        client.post("/set", json={"user": "a tortoise"})
        session_id = client.cookies["session"]
        client.post("/set", json={"user": "another tortoise"})
        client.get("/")
        client.post("/clear")
        client.portal()
        client.blocking_portal.call(plugin.config.create_backend().delete_expired)
        if is_async:
            client.blocking_portal.call(engine.dispose)
    if not is_async:
        engine.dispose()
    engines = [record for record in caplog.records if record.name.startswith("sqlalchemy")]
    said = "\n".join(record.getMessage() for record in engines)
    for words in ("INSERT", "UPDATE", "DELETE", "hide_parameters=True"):
        assert words in said
    for secret in (session_id, "tortoise"):
        assert secret not in said


def test_statements_of_the_application_are_logged_as_it_wants(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = create_engine("sqlite://", echo=True, poolclass=NullPool)
    SessionPlugin(engine, create_table=True).config.create_backend()
    with engine.connect() as connection:
        connection.execute(text("SELECT :animal"), {"animal": "a hare"})
    assert "a hare" in caplog.text


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_a_log_of_everything_has_no_row_of_a_session(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, driver: str
) -> None:
    plugin = SessionPlugin(f"{driver}:///{tmp_path}/sessions.db")
    with TestClient(app_with(plugin)) as client:
        with caplog.at_level(logging.DEBUG, "sqlalchemy"):
            client.post("/set", json={"user": "a tortoise"})
            assert client.get("/").json() == {"user": "a tortoise"}
        assert "SELECT" in caplog.text
        assert "tortoise" not in "".join(
            record.getMessage() for record in caplog.records if "sqlalchemy" in record.name
        )
