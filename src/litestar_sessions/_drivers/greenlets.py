"""Calling a function that only knows sync engines, in a greenlet that is used again and again.

CPython maps a new stack of frames into memory for every new greenlet, and unmaps it at its end. On
the fast drivers that takes longer than most of what a statement needs, so greenlets are kept.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

__all__ = ("call_in_greenlet", "caller_for")

MOST_IDLE = 64
"""How many greenlets a thread keeps: more would only be of use to as many statements at once."""


class _Worker(greenlet):
    """Does one job after the other; it is idle between them."""

    __sqlalchemy_greenlet_provider__ = True
    """How SQLAlchemy knows that whatever is awaited in here is awaited by the parent."""

    def __init__(self) -> None:
        super().__init__(_work)
        self.switch()  # without a job: a greenlet keeps what it is started with


class _Job:
    """A call, and what becomes of it."""

    __slots__ = ("answer", "arguments", "error", "function")

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.function = function
        self.arguments = arguments
        self.answer: Any = None
        self.error: BaseException | None = None

    def fail(self) -> NoReturn:
        """Raise the error."""
        error, self.error = self.error, None
        try:
            raise error  # type: ignore[misc]  # asked of a job that has one
        finally:
            del error  # or error, traceback and this frame would keep each other


class _Idle(threading.local):
    """The idle workers of a thread, which cannot run in another one."""

    def __init__(self) -> None:
        self.workers: list[_Worker] = []


_idle = _Idle()


def _work() -> None:
    """Do one job after the other; tell the parent of each end by ``None``."""
    while True:
        job: _Job = getcurrent().parent.switch(None)  # type: ignore[union-attr]  # every worker has one
        try:
            job.answer = job.function(*job.arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised where the call was made
            job.error = error
        del job  # or an idle worker would keep its session in memory


async def call_in_greenlet(function: Callable[..., T], *arguments: Any) -> T:
    """Return what the function returns, and await whatever SQLAlchemy waits for in it."""
    workers = _idle.workers
    worker = workers.pop() if workers else _Worker()
    parent = getcurrent()
    worker.parent = parent
    worker.gr_context = parent.gr_context
    job = _Job(function, arguments)
    awaitable = worker.switch(job)
    while awaitable is not None:
        try:
            value = await awaitable
        except BaseException:  # noqa: BLE001 - the function gets it, also if it is the task's end
            awaitable = worker.throw(*sys.exc_info())
        else:
            awaitable = worker.switch(value)
    worker.gr_context = None
    if len(workers) < MOST_IDLE:
        workers.append(worker)
    answer: T = job.answer if job.error is None else job.fail()
    return answer


_unattended: set[asyncio.Future[Any]] = set()
"""Calls that go on, for the event loop itself does not keep them."""


def caller_for(engine: AsyncEngine) -> Callable[..., Awaitable[Any]]:
    """Return what calls functions that ask something of an engine."""
    return _call_to_the_end if engine.dialect.driver == "aiosqlite" else call_in_greenlet


async def _call_to_the_end(function: Callable[..., T], *arguments: Any) -> T:
    """Return what the function returns; it is done to the end, even if nobody waits any more.

    A statement of aiosqlite cannot be cancelled: its thread goes on, and would keep the lock of the
    database until somebody fetches the rows.
    """
    task = asyncio.ensure_future(call_in_greenlet(function, *arguments))
    _unattended.add(task)
    task.add_done_callback(_unattended.discard)
    return await asyncio.shield(task)
