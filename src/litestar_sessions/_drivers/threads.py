"""The worker threads in which blocking drivers are waited for."""

from __future__ import annotations

import asyncio
import os
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool, StaticPool

from litestar_sessions._drivers.queues import FairQueue
from litestar_sessions._drivers.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import Pool

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("run_in_thread", "stop", "waiting_for_connection")


async def run_in_thread(
    engine: Engine, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Return what a function returns that a worker thread of the engine runs meanwhile."""
    work = partial(copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_executor(engine), work)


# One for each engine, and none of the event loop's: slow sessions must not starve the application's
# own threads, and an executor of ours outlives the loop.
_executors: WeakKeyDictionary[Engine, Workers] = WeakKeyDictionary()

if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_executors.clear)  # threads do not survive a fork


def stop(engine: AsyncEngine | Engine) -> None:
    """Let the threads of an engine end; further work gets new ones."""
    executor = _executors.pop(cast("Engine", engine), None)
    if executor is not None:
        executor.shutdown(wait=False)


def waiting_for_connection(engine: AsyncEngine | Engine) -> int:
    """Return how many operations wait for a connection; of an async engine, in its first loop.

    Blocking ones wait for a thread, of which there are as many as connections.
    """
    if isinstance(engine, Engine):
        executor = _executors.get(engine)
        return 0 if executor is None else executor.waiting
    queue = getattr(engine.pool, "_pool", None)
    return queue.waiting if isinstance(queue, FairQueue) else 0


def _executor(engine: Engine) -> Workers:
    executor = _executors.get(engine)
    if executor is None:
        created = Workers(_connections(engine.pool))
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
