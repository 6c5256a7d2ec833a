"""How a backend awaits a storage: as it is, or in worker threads."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy.pool import QueuePool, StaticPool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import Pool

    from litestar_sessions._async.storage import AsyncSessionStorage
    from litestar_sessions._sync.storage import SyncSessionStorage

    AnyStorage: TypeAlias = AsyncSessionStorage
    """A storage of either half, each verb of which is awaited."""

__all__ = ("in_place", "in_threads", "stop")


def in_place(storage: AsyncSessionStorage, _engine: AsyncEngine) -> AnyStorage:
    """Return the storage itself: its verbs are awaited as they are."""
    return storage


def in_threads(storage: SyncSessionStorage, engine: Engine) -> AnyStorage:
    """Return the storage with verbs that are awaited while a worker thread runs them."""
    return cast("AnyStorage", _Threaded(storage, engine))


class _Threaded:
    def __init__(self, storage: SyncSessionStorage, engine: Engine) -> None:
        self._storage = storage
        self._engine = engine

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        # By name, because a third list of all verbs would have to be kept equal to the twins'.
        verb = getattr(self._storage, name)

        @wraps(verb)
        async def call(*args: Any, **kwargs: Any) -> Any:
            work = partial(copy_context().run, verb, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(_executor(self._engine), work)

        return call


# One for each engine, and none of the event loop's: slow sessions must not starve the application's
# own threads, and an executor of ours outlives the loop.
_executors: WeakKeyDictionary[Engine, ThreadPoolExecutor] = WeakKeyDictionary()

if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_executors.clear)  # threads do not survive a fork


def stop(engine: AsyncEngine | Engine) -> None:
    """Let the threads of an engine end; further work gets new ones."""
    executor = _executors.pop(cast("Engine", engine), None)
    if executor is not None:
        executor.shutdown(wait=False)


def _executor(engine: Engine) -> ThreadPoolExecutor:
    executor = _executors.get(engine)
    if executor is None:
        created = ThreadPoolExecutor(_connections(engine.pool), "litestar-sessions")
        executor = _executors.setdefault(engine, created)
    return executor


def _connections(pool: Pool) -> int | None:
    """Return how many connections the pool gives out at once; ``None`` if it sets no limit."""
    if isinstance(pool, StaticPool):
        return 1
    if not isinstance(pool, QueuePool):
        return None
    overflow: int = pool._max_overflow  # noqa: SLF001 - there is no public attribute
    # To SQLAlchemy a size of 0 and an overflow of -1 are no limit.
    return pool.size() + overflow if pool.size() > 0 and overflow >= 0 else None
