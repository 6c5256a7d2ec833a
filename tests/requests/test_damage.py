"""Rows that are none: a column holds what does not belong there, or data that nobody can decode."""

from __future__ import annotations

import asyncio
from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Mapped, mapped_column

from litestar_sessions import (
    SessionDamagedError,
    SessionExistsError,
    SessionModelMixin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
)
from litestar_sessions.columns import UTCTimestamp
from tests.support.models import NobodysBase
from tests.support.site import open_site

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site

UPDATE = "UPDATE user_sessions SET "

DAMAGE = {
    "sqlite": [
        *("expires_at = 'zzz'", "expires_at = X'ff'"),
        *("data = 'text'", "data = CAST(data AS TEXT)", "data = CAST(X'80' AS TEXT)"),
        *("data = 5", "data = 5.5"),
        *("id = 'text'", "id = '0123456789abcdef'", "id = 7", "id = X'00'"),
    ],
    "postgresql": ["expires_at = '20000-01-01'"],
    "mysql": ["expires_at = '2100-00-00'"],
}


class Endless(SessionModelMixin, NobodysBase):
    """A model whose sessions may have no expiry."""

    __tablename__ = "endless_sessions"
    expires_at: Mapped[datetime | None] = mapped_column(UTCTimestamp(), index=True)  # type: ignore[assignment]  # wider than the mixin's


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [record for record in caplog.records if record.name == "litestar_sessions"]
    return [record.session_event for record in records]  # type: ignore[attr-defined]  # set by extra=


async def damage(site: Site, client: httpx.AsyncClient, change: str) -> str:
    """Sign in, spoil the row of that, and return the session ID."""
    await site.empty()
    await client.post("/set", json={"user": "Ann"})
    is_mysql = site.engine.dialect.name == "mysql"
    lenient = "SET STATEMENT sql_mode = 'ALLOW_INVALID_DATES' FOR " if is_mysql else ""
    await site._execute(text(lenient + UPDATE + change))
    return client.cookies["session"]


async def test_a_damaged_row_is_a_session_that_cannot_be_decoded(
    any_database: tuple[bool, Database], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    is_async, database = any_database
    async with open_site(database.url, is_async=is_async, clock=clock) as site:
        for change in DAMAGE[site.engine.dialect.name]:
            caplog.clear()
            async with site.visitor() as client:
                session_id = await damage(site, client, change)
                assert (await client.get("/")).json() == {}, change
                assert events(caplog) == ["undecodable"], change
                assert (await client.post("/set", json={"user": "Bob"})).status_code == 201
                assert client.cookies["session"] != session_id
                assert (await client.get("/")).json() == {"user": "Bob"}
            assert "Ann" not in caplog.text


async def test_a_damaged_row_can_be_ended(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    async with open_site(database.url, is_async=is_async, clock=clock) as site:
        for change in DAMAGE[site.engine.dialect.name]:
            async with site.visitor() as client:
                await damage(site, client, change)
                response = await client.post("/clear")
                assert (response.status_code, await site.rows()) == (201, 0), change
                assert "Max-Age=0;" in response.headers["set-cookie"]


async def test_a_damaged_row_gives_way_to_the_session_of_another_cookie(
    any_database: tuple[bool, Database], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    is_async, database = any_database
    async with open_site(database.url, is_async=is_async, clock=clock) as site:
        for change in DAMAGE[site.engine.dialect.name]:
            async with site.visitor() as client, site.visitor() as other:
                damaged = await damage(site, client, change)
                await other.post("/set", json={"user": "Bob"})
                live = other.cookies["session"]
            caplog.clear()
            sent = {"cookie": f"session={live}; session={damaged}"}
            async with site.visitor() as client:
                assert (await client.get("/", headers=sent)).json() == {"user": "Bob"}, change
                assert events(caplog) == ["undecodable"], change
                await client.post("/clear", headers=sent)
            assert await site.rows() == 0, change


@pytest.mark.parametrize("data_keys", [(), ("secret" * 8,)], ids=["plain", "encrypted"])
async def test_what_verbs_do_with_a_damaged_row(
    any_database: tuple[bool, Database], clock: Clock, data_keys: tuple[str, ...]
) -> None:
    is_async, database = any_database
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock, "data_keys": data_keys}
    async with open_site(database.url, **arguments) as site:
        storage = site.backend.storage
        for change in DAMAGE[site.engine.dialect.name]:
            async with site.visitor() as client:
                session_id = await damage(site, client, change)
            with pytest.raises(SessionDamagedError):
                _ = (await storage.load(session_id)).data
            with pytest.raises(SessionExistsError):
                await storage.create(session_id, b"new", clock.after(hours=1))
            await storage.save(session_id, b"{}", clock.after(hours=1))
            if not change.startswith("id"):
                assert await site.backend.get(session_id) == b"{}", change
            await storage.delete(session_id)
            assert await site.rows() == 0
            assert await site.backend.get(session_id) is None


async def test_data_that_another_request_made_undecodable_is_left_for_a_new_session(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        session_id = client.cookies["session"]
        slow = asyncio.create_task(client.post("/set?hold=1", json={"cart": 1}))
        await site.gate.reached()
        await site.backend.set(session_id, b"\x80 no JSON")
        site.gate.open()
        assert (await slow).status_code == 201
        assert events(caplog) == ["undecodable"]
        assert client.cookies["session"] != session_id
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 1}
    assert await site.backend.get(session_id) == b"\x80 no JSON"


async def test_a_session_that_cannot_be_decoded_can_be_ended(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        session_id = client.cookies["session"]
        await site.backend.set(session_id, b"\x80 no JSON")
        assert (await client.post("/clear")).status_code == 201
        assert "session" not in client.cookies
    assert await site.backend.get(session_id) is None


async def test_rows_whose_expiry_is_none_are_deleted_with_the_expired(
    tmp_path: Path, clock: Clock
) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    async with open_site(url, is_async=False, clock=clock) as site, site.visitor() as client:
        for value in ("'zzz'", "'Aug 1 2026'", "''", "X'ff'", "X''", "5", "-5.5"):
            await damage(site, client, f"expires_at = {value}")
            assert (await site.backend.delete_expired(), await site.rows()) == (1, 0), value
        await damage(site, client, "expires_at = '9999-12-31 23:59:59.999999'")
        assert await site.backend.delete_expired() == 0


async def test_rows_without_an_expiry_are_deleted_with_the_expired(
    any_database: tuple[bool, Database],
) -> None:
    is_async, database = any_database
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    config = SQLAlchemySessionConfig(
        alchemy_config=kind(database.url), model=Endless, create_table=True
    )
    backend: Any = config.create_backend()
    await backend.delete_all()
    for session_id in ("live", "endless"):
        await backend.set(session_id, b"{}")
    engine: Any = config.engine
    change = update(Endless).where(Endless.data == b"{1}").values(expires_at=None)
    await backend.set("endless", b"{1}")
    if is_async:
        async with engine.begin() as connection:
            await connection.execute(change)
    else:
        with engine.begin() as connection:
            connection.execute(change)
    assert await backend.get("endless") is None
    assert await backend.delete_expired() == 1
    assert await backend.get("live") == b"{}"
    await config.dispose()
