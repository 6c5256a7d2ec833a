"""The end of connections: one that is of no use, those of an engine, and the threads for them."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from litestar_sessions._drivers.siblings import siblings_of
from litestar_sessions._drivers.threads import stop

if TYPE_CHECKING:
    from sqlalchemy import Engine, Pool, PoolProxiedConnection
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("close_engine", "give_up")


def give_up(pool: Pool, connection: PoolProxiedConnection, error: Exception) -> None:
    """Close a connection that is of no use any more, and have new ones in place of the others.

    What has happened to one has most often happened to all: the server was restarted, is read-only
    since a failover, or is silent.
    """
    invalidate: Any = pool._invalidate  # noqa: SLF001 - as SQLAlchemy does when one is dead
    invalidate(connection, error)


async def close_engine(engine: AsyncEngine | Engine) -> None:
    """Close the connections of an engine, of either kind, and of its siblings.

    Used again, they open new ones.
    """
    for each in (engine, *siblings_of(engine)):
        stop(each)
        disposing = each.dispose()
        if isawaitable(disposing):
            await disposing
