# The source of a generated twin: see CONTRIBUTING.md.
"""Verbs that meet a connection which died while it was in the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from litestar_sessions import AsyncSessionStorage, StoredSession
from tests.support.models import MissingSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock
    from tests.support.databases import Database


async def test_no_verb_notices_that_its_connection_has_died(
    storage: AsyncSessionStorage, async_database: Database, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    renewed = StoredSession(b"data", expires_at)

    async_database.cut()
    assert await storage.create("id", b"data", expires_at) == renewed
    async_database.cut()
    assert await storage.load("id") == renewed
    async_database.cut()
    assert await storage.load_and_touch("id", expires_at) == renewed
    async_database.cut()
    assert await storage.touch("id", expires_at)
    async_database.cut()
    assert await storage.update("id", b"new", expires_at, expected=b"data", new_id="new id")
    async_database.cut()
    assert await storage.rotate("new id", "id")
    async_database.cut()
    await storage.save("id", b"data", expires_at)
    async_database.cut()
    await storage.delete("id")
    async_database.cut()
    assert await storage.delete_expired() == 0
    async_database.cut()
    assert await storage.delete_all() == 0


async def test_an_error_names_no_session_id_and_no_data(engine: AsyncEngine, clock: Clock) -> None:
    storage = AsyncSessionStorage(engine, MissingSession, clock=clock)
    with pytest.raises(DBAPIError) as raised:
        await storage.load("secret-id")
    assert "secret" not in str(raised.value)
    with pytest.raises(DBAPIError) as raised:
        await storage.save("secret-id", b"secret-data", clock.after(minutes=20))
    assert "secret" not in str(raised.value)
