"""MariaDB takes statements up to a size, by default 16 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from tests.support.backends import empty_backend
from tests.support.databases import url_on

if TYPE_CHECKING:
    from tests.support.databases import StartedServers


@pytest.mark.parametrize(
    ("driver", "size"),
    # PyMySQL sends two digits for each byte.
    [("mysql+pymysql", 6_000_000), ("mysql+asyncmy", 12_000_000)],
)
async def test_a_session_that_can_be_created_can_be_changed(
    own_servers: StartedServers, driver: str, size: int
) -> None:
    server = own_servers.server("mysql")
    engine = create_engine(url_on(server, "mysql+pymysql", server.database))
    with engine.begin() as connection:
        before = connection.scalar(text("SELECT @@GLOBAL.max_allowed_packet"))
        connection.execute(text("SET GLOBAL max_allowed_packet = 16777216"))
    url = url_on(server, driver, server.database)
    old, new = b"a" * size, b"b" * size
    try:
        async with empty_backend(url, is_async="async" in driver) as backend:
            expires_at = backend.next_expiry()
            await backend.storage.create("id", old, expires_at)
            assert await backend.storage.update("id", new, expires_at, expected=old)
            assert await backend.get("id") == new
            await backend.delete("id")
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"SET GLOBAL max_allowed_packet = {before}"))
        engine.dispose()
