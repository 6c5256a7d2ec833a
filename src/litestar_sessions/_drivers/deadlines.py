"""Until when an operation has to be done; whatever still waits for its database then is cut."""

from __future__ import annotations

import asyncio
import sys
from contextvars import ContextVar
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from litestar_sessions._drivers.cutting import cut

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sqlalchemy import PoolProxiedConnection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from typing_extensions import Self

T = TypeVar("T")

__all__ = (
    "SERVER_SHARE",
    "Deadline",
    "TooLateError",
    "call_in_time",
    "check_time",
    "current_deadline",
)

SERVER_SHARE = 0.8
"""The part of the time of an operation after which the server itself gives up a statement.

A write is not begun later than the rest allows: it could be carried out when nobody waits for it.
"""
_GRACE = 0.1
"""How many seconds an operation has to end once its connection is cut."""

_TOO_LATE = "There was no time left to begin a statement."

_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class TooLateError(TimeoutError):
    """There was no time left to begin a statement; nothing was asked of the database."""


class Deadline:
    """A block that ends in time, or a little later with a `TimeoutError`.

    It is known to whatever runs in the block, in worker threads too. What it interrupts is the
    connection and not the code: drivers that are cancelled have a long talk with the server first.

    Args:
        seconds: How long the block may take.
    """

    __slots__ = (
        "_connection",
        "_ends",
        "_has_cut",
        "_lock",
        "_seconds",
        "_timeout",
        "_timer",
        "_token",
    )

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = monotonic() + seconds
        self._connection: DBAPIConnection | None = None
        self._lock = Lock()
        self._has_cut = False

    async def __aenter__(self) -> Self:
        self._token = _current.set(self)
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._cut)
        self._timeout = timeout(self._seconds + _GRACE)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.reset(self._token)
        if self._connection is None:  # or a thread still waits, and is not forgotten
            self._timer.cancel()
        too_late = TimeoutError(f"no answer within {self._seconds:g} seconds")
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except (TimeoutError, asyncio.TimeoutError):
            raise too_late from error
        if isinstance(error, Exception) and self.is_over:
            raise too_late from error

    @property
    def is_over(self) -> bool:
        """Whether the time has passed."""
        return self._has_cut or monotonic() >= self._ends

    @property
    def has_time_to_write(self) -> bool:
        """Whether the server gives up a statement that is begun now before the time has passed."""
        return self._ends - monotonic() >= self._seconds * SERVER_SHARE

    def hold(self, connection: DBAPIConnection | None, *, writes: bool) -> None:
        """Have a connection cut when the time has passed, until it is released.

        Raises:
            TooLateError: There is no time left for a statement.
        """
        self._connection = connection
        if self.is_over or (writes and not self.has_time_to_write):
            self.release()
            raise TooLateError(_TOO_LATE)

    def release(self) -> None:
        """Leave the connection alone from now on; it goes back to its pool."""
        with self._lock:
            self._connection = None

    def _cut(self) -> None:
        self._has_cut = True
        with self._lock:
            if self._connection is not None:
                cut(self._connection)


def current_deadline() -> Deadline | None:
    """Return the deadline of what runs here, if it has one."""
    return _current.get()


def check_time() -> None:
    """See that there is time left for what runs here.

    Raises:
        TooLateError: There is not.
    """
    deadline = _current.get()
    if deadline is not None and deadline.is_over:
        raise TooLateError(_TOO_LATE)


def call_in_time(
    connection: PoolProxiedConnection, ask: Callable[..., T], *arguments: Any, writes: bool
) -> T:
    """Return what a function returns that asks something on a connection.

    The connection is cut when the time of what runs here has passed, or when that is cancelled.

    Raises:
        TooLateError: There is no time left for a statement.
    """
    deadline = _current.get()
    if deadline is not None:
        deadline.hold(connection.dbapi_connection, writes=writes)
    try:
        return ask(*arguments)
    except Exception:
        raise
    except BaseException:
        cut(connection.dbapi_connection)
        raise
    finally:
        if deadline is not None:
            deadline.release()
