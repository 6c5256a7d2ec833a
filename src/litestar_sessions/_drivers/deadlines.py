"""Until when an operation has to be done; whatever still waits for its database then is cut."""

from __future__ import annotations

import asyncio
import sys
from contextvars import ContextVar
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from litestar_sessions._drivers.alarms import alarms_of
from litestar_sessions._drivers.cutting import cut
from litestar_sessions._drivers.running import running_loop

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ("SERVER_SHARE", "Deadline", "TooLateError", "current")

SERVER_SHARE = 0.8
"""The part of the time of an operation after which the server itself gives up a statement.

A write is not begun later than the rest allows: it could be carried out when nobody waits for it.
"""
_GRACE = 0.1
"""How many seconds an operation has to end once its connection is cut."""

current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)
"""The deadline of what runs here, if it has one."""

_lock = Lock()
"""A connection is not cut while a thread gives it back."""


class TooLateError(TimeoutError):
    """There was no time left to begin a statement; nothing was asked of the database."""

    def __init__(self) -> None:
        super().__init__("There was no time left to begin a statement.")


class Deadline:
    """A block of a task that ends in time, or a little later, with a `TimeoutError`.

    It is known to whatever runs in the block, in worker threads too. What it interrupts is the
    connection and not the code: drivers that are cancelled have a long talk with the server first.
    Where there is no connection yet, or cutting it is of no use, the task is interrupted.

    Args:
        seconds: How long the block may take; infinity until it is made to expire.
    """

    __slots__ = (
        "_alarms",
        "_cancelling",
        "_connection",
        "_has_ended",
        "_interruptions",
        "_last_write",
        "_seconds",
        "_task",
        "_token",
        "is_over",
    )

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last_write = monotonic() + seconds * (1 - SERVER_SHARE)
        self._connection: DBAPIConnection | None = None
        self._has_ended = False
        self._interruptions = 0
        self.is_over = False
        """Whether the time has passed."""

    def __enter__(self) -> None:
        loop = running_loop()
        self._task: Any = asyncio.current_task(loop)
        self._cancelling = _cancelling(self._task)
        self._alarms = alarms_of(loop, self._seconds)
        self._alarms.add(self)
        self._token = current.set(self)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        current.reset(self._token)
        self._has_ended = True
        if self._connection is None:  # or a thread still waits, and is not forgotten
            self._alarms.discard(self)
        if self.is_over:
            self._end(error)

    def stop(self) -> DBAPIConnection | None:
        """Have no time left: cut and return the connection that is waited for, if there is one."""
        self._alarms.discard(self)
        self.is_over = True
        with _lock:
            connection = self._connection
            if connection is not None:
                cut(connection)
        return connection

    def expire(self) -> None:
        """Have the time pass now."""
        if self.stop() is None:
            self._interrupt()
        else:
            self._wait_for_end()

    def wake(self) -> None:
        """Have the time pass; or the task interrupted, if it has passed before."""
        if self.is_over:
            self._interrupt()
        else:
            self.expire()

    def _interrupt(self) -> None:
        if not self._has_ended:  # or a thread alone still waits
            self._interruptions += 1
            self._task.cancel()
            # Again, if that was lost: on Python 3.10 asyncpg may take it for a timeout of its own.
            self._wait_for_end()

    def _wait_for_end(self) -> None:
        self._alarms = alarms_of(asyncio.get_running_loop(), _GRACE)
        self._alarms.add(self)

    def _end(self, error: BaseException | None) -> None:
        """Raise a `TimeoutError` in place of an error that the end of the time has caused."""
        is_ours = self._interruptions > 0
        if sys.version_info >= (3, 11):
            for _ in range(self._interruptions):
                is_ours = self._task.uncancel() <= self._cancelling
        if isinstance(error, Exception) or (is_ours and isinstance(error, asyncio.CancelledError)):
            raise TimeoutError(f"no answer within {self._seconds:g} seconds") from error

    @property
    def has_time_to_write(self) -> bool:
        """Whether the server gives up a statement that is begun now before the time has passed."""
        return monotonic() <= self._last_write

    def hold(self, connection: DBAPIConnection | None, *, writes: bool) -> None:
        """Have a connection cut when the time has passed, until it is released.

        Raises:
            TooLateError: There is no time left for a statement.
        """
        self._connection = connection
        if self.is_over or (writes and monotonic() > self._last_write):
            self.release()
            raise TooLateError

    def release(self) -> None:
        """Leave the connection alone from now on; it goes back to its pool."""
        with _lock:
            self._connection = None


def _cancelling(task: Any) -> int:
    return task.cancelling() if sys.version_info >= (3, 11) else 0
