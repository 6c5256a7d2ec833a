"""A second engine for the database of an application's engine."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from litestar_sessions._drivers.engine_config import engine_of
from litestar_sessions._drivers.engines import AUTOCOMMIT, POOL, WITH_AUTOCOMMIT
from litestar_sessions._drivers.forks import is_in_memory, safe_to_fork
from litestar_sessions._drivers.galera import read_causally
from litestar_sessions._drivers.keepalive import keep_alive
from litestar_sessions._drivers.limits import Limits, limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._drivers.engine_config import EngineConfig

__all__ = ("engines_for", "is_for_sessions", "opened_for_sessions", "sibling", "siblings_of")

_siblings: WeakKeyDictionary[Any, WeakSet[Any]] = WeakKeyDictionary()


def is_for_sessions(config: EngineConfig) -> bool:
    """Tell whether an engine was created here, and not by the application."""
    return getattr(config, "owns_engine", False)


def opened_for_sessions(config: EngineConfig, engines: set[Any]) -> set[Any]:
    """Return those of its engines that were created here, and not by the application."""
    return engines if is_for_sessions(config) else engines - {engine_of(config)}


def engines_for(
    config: EngineConfig, *, patience: float, own_pool: bool
) -> tuple[AsyncEngine | Engine, AsyncEngine | Engine]:
    """Return the engine for requests, and that for what takes long on purpose.

    Args:
        config: What has an engine.
        patience: How many seconds an operation of a request may take.
        own_pool: Whether an engine of the application is left alone.
    """
    engine = engine_of(config)
    if is_for_sessions(config):
        limited = sibling(engine, patience=patience)
        keep_alive(engine.pool)
        return limited, engine
    if not own_pool:
        return engine, engine
    make = partial(sibling, engine, reads_causally=getattr(config, "causal_reads", True))
    return make(patience=patience), make()


def sibling(
    engine: AsyncEngine | Engine, *, patience: float | None = None, reads_causally: bool = False
) -> AsyncEngine | Engine:
    """Return an engine with a pool of its own for the same database, or the same engine.

    What holds a connection of the one pool cannot starve the other. Driver, credentials, size of
    the pool and its event listeners are those of the engine; there are no connections beyond that
    size, and every statement is a transaction and one round trip, as on an engine of this package.
    With a patience, in seconds, the server gives up statements that take longer than an operation
    may; those of an engine without are not limited.

    It is the same engine where there is nothing to starve (`NullPool`), or where another connection
    would be another database.
    """
    if is_in_memory(engine) or not isinstance(engine.pool, QueuePool):
        return engine
    pool: Any = _pool_like(engine)
    if pool.size() > 0 and pool._max_overflow > 0:  # noqa: SLF001 - there is no public way
        pool._max_overflow = POOL["max_overflow"]  # noqa: SLF001 - as above
    options = dict(engine.get_execution_options())
    chosen: dict[str, Any] = {"hide_parameters": True}
    if engine.dialect.name in WITH_AUTOCOMMIT:
        options.pop("isolation_level", None)
        chosen |= AUTOCOMMIT
        # A listener of the application may have left a transaction open, to be switched out of.
        event.listen(pool, "connect", lambda connection, _record: connection.commit())
    keep_alive(pool)
    if patience is not None:
        limit(pool, engine.dialect, Limits(patience))
    created = _creator_like(engine)(engine.url, pool=pool, execution_options=options, **chosen)
    _siblings.setdefault(engine, WeakSet()).add(created)
    return safe_to_fork(read_causally(created, wanted=reads_causally))


def _pool_like(engine: AsyncEngine | Engine) -> Any:
    """Return a pool with the settings of an engine's; one of an async engine lends in turn."""
    pool = engine.pool.recreate()
    if isinstance(engine, Engine):
        return pool
    from litestar_sessions._drivers.queues import fair  # noqa: PLC0415 - needs greenlet

    return fair(pool)


def siblings_of(engine: Any) -> list[Any]:
    """Return the siblings of an engine that are still there."""
    return list(_siblings.get(engine, ()))


def _creator_like(engine: AsyncEngine | Engine) -> Callable[..., AsyncEngine | Engine]:
    if isinstance(engine, Engine):
        return create_engine
    from sqlalchemy.ext.asyncio import (  # noqa: PLC0415 - the sync half runs without it
        create_async_engine,
    )

    return create_async_engine
