"""Deleting what has expired on several Galera nodes at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, insert

from tests.support.models import UserSession

if TYPE_CHECKING:
    from sqlalchemy import URL

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock

EXPIRED = 20_000


def store_expired(url: URL, clock: Clock) -> None:
    engine = create_engine(url.set(drivername="mysql+pymysql"))
    rows = [
        {"session_id": f"{number}", "data": b"", "expires_at": clock.after(seconds=-number)}
        for number in range(EXPIRED)
    ]
    with engine.begin() as connection:
        connection.execute(insert(UserSession), rows)
    engine.dispose()


async def test_nodes_that_delete_at_once_raise_nothing_and_count_each_row_once(
    nodes: list[URL], storages: list[SessionStorage], clock: Clock
) -> None:
    store_expired(nodes[0], clock)
    await storages[0].save("live", b"", clock.after(minutes=1))
    for storage in storages:
        assert await storage.load("live") is not None
    deleted = await asyncio.gather(*[storage.delete_expired() for storage in storages])
    rest = await storages[0].delete_expired()
    assert sum(deleted) + rest == EXPIRED
    assert await storages[1].delete_all() == 1
