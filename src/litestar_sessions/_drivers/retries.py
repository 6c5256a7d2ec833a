"""How often a statement is tried again, and after what pause."""

from __future__ import annotations

from random import uniform
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from litestar_sessions._drivers.deadlines import current
from litestar_sessions._drivers.failures import Failure, failure_of

if TYPE_CHECKING:
    from sqlalchemy.exc import StatementError

__all__ = ("Retries",)


class Retries:
    """How often, and after what pause, one operation is tried again.

    Args:
        writes: Whether it changes something.
    """

    LIMIT = 10
    PATIENCE = 10.0
    """Once an operation has taken that many seconds, it is not tried again."""
    FIRST_PAUSE = 0.005
    LONGEST_PAUSE = 0.1

    def __init__(self, *, writes: bool = True) -> None:
        self._writes = writes
        self._count = 0
        self._began = monotonic()
        self.has_reconnected = False
        """Whether the operation has lost a connection: what it asked for may have been done."""

    def pause_after(self, error: StatementError, *, conflict: bool = False) -> float:
        """Return how many seconds to wait before the next try, at random so that rivals part.

        Args:
            error: What ended the last try.
            conflict: Whether a unique violation is a reason to try again.

        Raises:
            StatementError: The error itself, without the parameters of its statement, if another
                try would not help or the limit is reached.
        """
        # They are a session ID and session data, and errors are logged.
        error.hide_parameters = True
        if not isinstance(error, DBAPIError) or self._is_over():
            raise error
        failure = failure_of(error)
        if failure is Failure.CONNECTION and not self.has_reconnected:
            self.has_reconnected = True
            return 0
        if self._count == self.LIMIT or not (conflict or failure is Failure.CONFLICT):
            raise error
        self._count += 1
        return uniform(0, min(self.FIRST_PAUSE * 2**self._count, self.LONGEST_PAUSE))  # noqa: S311 - no secret

    def _is_over(self) -> bool:
        deadline = current.get()
        if deadline is None:
            return monotonic() - self._began > self.PATIENCE
        return deadline.is_over or (self._writes and not deadline.has_time_to_write)
