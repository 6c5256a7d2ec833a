"""The connections that the pool of an engine has opened, so that all of them can be cut."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from litestar_sessions._drivers.cutting import cut
from litestar_sessions._drivers.forks import is_in_memory

if TYPE_CHECKING:
    from sqlalchemy import Engine, PoolProxiedConnection
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ("cut_all", "give_up", "watch")

_OPENER = "litestar_sessions_opener"


class _Opened:
    """What one engine has opened, and since when that is of no use."""

    def __init__(self) -> None:
        # By their places in the pool. They stay there while they are closed, which may take long.
        self.connections: WeakKeyDictionary[Any, tuple[DBAPIConnection, float]] = (
            WeakKeyDictionary()
        )
        self.given_up_at = -1.0

    def note_opened(self, connection: DBAPIConnection, record: Any) -> None:
        if record.info.setdefault(_OPENER, self) is self:
            self.connections[record] = connection, monotonic()

    def note_closing(self, connection: DBAPIConnection, record: Any) -> None:
        """Cut what was given up: drivers have a last talk with the server, which may be silent."""
        _, opened_at = self.connections.get(record, (None, 0.0))
        if opened_at <= self.given_up_at and record.info.get(_OPENER, self) is self:
            cut(connection)


_opened: WeakKeyDictionary[Engine, _Opened] = WeakKeyDictionary()


def watch(engine: Engine) -> None:
    """Know of each connection that an engine opens from now on."""
    if engine not in _opened:
        opened = _opened[engine] = _Opened()
        # First: a pool that is made from this one later inherits these listeners, and has its own.
        event.listen(engine.pool, "connect", opened.note_opened, insert=True)
        event.listen(engine.pool, "close", opened.note_closing)


def give_up(engine: Engine, connection: PoolProxiedConnection, error: Exception) -> None:
    """Close a connection that is of no use any more, and have new ones in place of the others.

    What has happened to one has most often happened to all, those of other engines for the same
    database among them: the server was restarted, is read-only since a failover, or is silent.
    """
    now = monotonic()
    for each, opened in tuple(_opened.items()):
        if each is engine or (each.url == engine.url and not is_in_memory(each)):
            opened.given_up_at = now
            pool: Any = each.pool
            # As SQLAlchemy does when a connection is dead.
            pool._invalidate(connection if each is engine else None, error)  # noqa: SLF001


def open_anew(engine: Engine) -> None:
    """Have new connections in place of those that engines have to the database of an engine.

    Those that nobody uses are closed first: SQLite's last one removes the log by its name, which
    may be that of another file by then.
    """
    for each in tuple(_opened):
        if each.url == engine.url:
            pool: Any = each.pool
            pool._invalidate_time = time()  # noqa: SLF001 - there is no public way
            if isinstance(pool, QueuePool):
                _close_idle(pool)


def _close_idle(pool: Any) -> None:
    records: list[Any] = []
    with suppress(Empty):  # others may take them meanwhile
        for _ in range(pool.checkedin()):
            records.append(pool._pool.get(block=False))  # noqa: PERF401, SLF001 - it may end early
    for record in records:
        record.close()
        pool._do_return_conn(record)  # noqa: SLF001 - as above


def cut_all(engine: Engine) -> None:
    """Cut every connection of an engine."""
    opened = tuple(_opened[engine].connections.values()) if engine in _opened else ()
    for connection, _ in opened:
        cut(connection)
