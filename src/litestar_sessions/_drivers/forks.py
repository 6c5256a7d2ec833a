"""Forks: a child opens connections of its own, whatever its parent has opened before.

Parent and child would write to the same sockets, and each would read the answers to the other.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.pool import StaticPool

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import Pool

EngineT = TypeVar("EngineT", bound="AsyncEngine | Engine")

__all__ = ("is_in_memory", "is_ours", "safe_to_fork")

_ours: WeakSet[Engine] = WeakSet()

# Never used and never freed: some drivers say good-bye on the socket when a connection is.
_of_the_parent: list[Pool] = []


def safe_to_fork(engine: EngineT) -> EngineT:
    """Return the engine, which from now on begins with an empty pool in the child of a fork.

    The connections of the parent stay as they are, and so does a database in memory, of which the
    child has a copy.
    """
    _ours.add(cast("Engine", getattr(engine, "sync_engine", engine)))
    return engine


def is_ours(engine: AsyncEngine | Engine) -> bool:
    """Tell whether the engine was made by this package."""
    return getattr(engine, "sync_engine", engine) in _ours


def is_in_memory(engine: AsyncEngine | Engine) -> bool:
    """Tell whether another connection would be another database."""
    url = engine.url
    is_file = url.database not in {None, "", ":memory:"} and url.query.get("mode") != "memory"
    return engine.dialect.name == "sqlite" and not is_file


def _close_files() -> None:
    """Close what SQLite must not have open when a process forks.

    Later connections of the child would share the locks of inherited ones, which only the parent
    has (SQLite, "How To Corrupt An SQLite Database File").
    """
    for engine in tuple(_ours):
        # An async one is closed by its event loop, and stays open if that is still running.
        is_blocking = not engine.dialect.is_async
        if is_blocking and engine.dialect.name == "sqlite" and not is_in_memory(engine):
            engine.dispose()


def _begin_anew() -> None:
    for engine in tuple(_ours):
        if not is_in_memory(engine):
            _of_the_parent.append(engine.pool)
            engine.dispose(close=False)
        elif engine.dialect.is_async and isinstance(engine.pool, StaticPool):
            _take_over_memory(engine)


def _take_over_memory(engine: Engine) -> None:
    """Have another thread for the connection of aiosqlite, whose own has not survived the fork."""
    if "connection" not in vars(engine.pool):
        return  # nobody has connected yet
    inherited: Any = engine.pool.connection.driver_connection  # type: ignore[attr-defined]  # a StaticPool
    database = inherited._conn  # noqa: SLF001 - there is no public way

    def connect(_dialect: object, _record: object, _args: object, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = lambda *_, **__: type(inherited)(lambda: database, 64)

    event.listen(engine, "do_connect", connect)
    _of_the_parent.append(engine.pool)
    engine.dispose(close=False)


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_close_files, after_in_child=_begin_anew)
