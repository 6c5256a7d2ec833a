"""A pool of an async engine that lends its connections in the order in which they were asked for.

That of SQLAlchemy lets whoever comes along take a connection before those who wait for one, and
puts them at the end of the queue again: under load some wait hundreds of times as long as others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only
from sqlalchemy.util.queue import Empty, Full, QueueCommon

__all__ = ("FairPool", "fair")


class FairQueue(QueueCommon[Any]):
    """What a pool has to lend, and those who wait for it in turn."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 - as SQLAlchemy's
        self.maxsize = maxsize
        self.use_lifo = use_lifo
        self._items: deque[Any] = deque()
        self._waiting: deque[asyncio.Future[Any]] = deque()

    def qsize(self) -> int:
        """Return how many items nobody has."""
        return len(self._items)

    def empty(self) -> bool:
        """Tell whether there are none."""
        return not self._items

    def full(self) -> bool:
        """Tell whether there are as many as there may be."""
        return 0 < self.maxsize <= len(self._items)

    @property
    def waiting(self) -> int:
        """How many wait for an item; another thread may ask."""
        return sum(not waiter.done() for waiter in tuple(self._waiting))

    def put(self, item: Any, _block: bool = True, _timeout: float | None = None) -> None:  # noqa: FBT001, FBT002 - as above
        """Take an item, and hand it to whoever has waited longest.

        Raises:
            Full: There are as many as there may be.
        """
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(item)
                return
        if self.full():
            raise Full
        self._items.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002 - as above
        """Return an item; wait for one if there is none.

        Raises:
            Empty: There is none, or was none until the time was over.
        """
        if self._items:
            return self._items.pop() if self.use_lifo else self._items.popleft()
        if not block:
            raise Empty
        return await_only(self._wait(timeout))

    async def _wait(self, timeout: float | None) -> Any:
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiting.append(waiter)
        timer = None if timeout is None else loop.call_later(timeout, _expire, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:
                self.put(waiter.result())  # it was handed over at that very moment
            raise
        finally:
            if timer is not None:
                timer.cancel()


def _expire(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(Empty())


class FairPool(AsyncAdaptedQueuePool):
    """A pool that lends its connections in turn, and is logged as SQLAlchemy's are."""

    _queue_class = FairQueue
    _sqla_logger_namespace = "sqlalchemy.pool.impl.AsyncAdaptedQueuePool"


def fair(pool: Any) -> Any:
    """Return a pool that nobody has used yet, and that lends in turn if it is SQLAlchemy's own."""
    if type(pool) is AsyncAdaptedQueuePool:
        # There is no public way to have another class and the same settings.
        pool.__class__ = FairPool
        pool._pool = FairQueue(pool.size(), pool._pool.use_lifo)  # noqa: SLF001 - as above
    return pool
