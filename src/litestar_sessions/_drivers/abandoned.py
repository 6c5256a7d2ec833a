"""Connections whose event loop is closed: they end at once, and without a word.

Drivers close a connection with the help of its loop, and complain where that is gone. Most loops
end in the order that `asyncio.run` has, and then nothing of this is needed.
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy.pool import QueuePool, StaticPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry, Pool

__all__ = ("abandon",)


def abandon(engine: Engine) -> None:
    """Give the engine an empty pool, and end the connections that are idle in the former one."""
    pool = engine.pool
    engine.dispose(close=False)
    for entry in _idle(pool):
        if entry.dbapi_connection is not None:
            _end(entry.driver_connection)


def _idle(pool: Pool) -> Iterator[ConnectionPoolEntry]:
    if isinstance(pool, QueuePool):
        while not pool._pool.empty():  # noqa: SLF001 - a public way would close what it returns
            yield pool._pool.get(block=False)  # noqa: SLF001 - as above
    elif isinstance(pool, StaticPool) and "connection" in vars(pool):
        yield pool.connection


def _end(connection: Any) -> None:
    """End a connection of any driver; what is not known here is left to the garbage collector."""
    if hasattr(connection, "pgconn"):  # psycopg
        connection.pgconn.finish()
    elif hasattr(connection, "stop"):  # aiosqlite, which in a thread of its own finds no loop
        stopping = Thread(target=connection.stop)
        stopping.start()
        stopping.join()
    else:  # asyncpg and asyncmy; aiomysql
        stream = getattr(connection, "_writer", None)
        _close_socket(getattr(connection, "_transport", getattr(stream, "_transport", None)))
        if hasattr(connection, "_aborted"):  # which asyncpg looks at when it is freed
            connection._aborted = True  # noqa: SLF001 - its public ways need the loop


def _close_socket(transport: Any) -> None:
    """Close what is below a transport of asyncio; uvloop has done so when it was closed."""
    encryption = getattr(transport, "_ssl_protocol", None)
    if encryption is not None:
        transport._closed = True  # noqa: SLF001 - asyncio has nothing public either
        transport = encryption._transport  # noqa: SLF001 - as above
    socket = getattr(transport, "_sock", None)
    if socket is not None:
        socket.close()
        transport._sock = None  # noqa: SLF001 - as above
