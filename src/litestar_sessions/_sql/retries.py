"""Which errors of a database are worth another try, and how many."""

from __future__ import annotations

from random import uniform
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy.exc import StatementError

__all__ = ("Retries", "is_transient")

_TRANSIENT = {
    "40001",  # serialization failure (PostgreSQL, CockroachDB, SQL Server)
    "40P01",  # deadlock (PostgreSQL)
    1213,  # deadlock (MySQL, MariaDB)
    1205,  # lock wait timeout (MySQL, MariaDB), deadlock victim (SQL Server)
    1020,  # record has changed since last read (MariaDB with innodb_snapshot_isolation)
    "database is locked",  # SQLite's SQLITE_BUSY; its code is there since Python 3.11 only
    "database table is locked",  # SQLITE_LOCKED
}


class Retries:
    """How often, and after what pause, one operation is tried again."""

    LIMIT = 10
    PATIENCE = 10.0
    """Once an operation has taken that many seconds, it is not tried again."""
    FIRST_PAUSE = 0.005
    LONGEST_PAUSE = 0.1

    def __init__(self) -> None:
        self._count = 0
        self._has_reconnected = False
        self._began = monotonic()

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
        if not isinstance(error, DBAPIError):
            raise error
        if error.connection_invalidated and not self._has_reconnected:
            self._has_reconnected = True
            return 0
        is_over = self._count == self.LIMIT or monotonic() - self._began > self.PATIENCE
        if is_over or not (conflict or is_transient(error)):
            raise error
        self._count += 1
        return uniform(0, min(self.FIRST_PAUSE * 2**self._count, self.LONGEST_PAUSE))  # noqa: S311 - no secret


def is_transient(error: DBAPIError) -> bool:
    """Tell whether the same statement may succeed when it is tried again."""
    cause = error.orig
    code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return code in _TRANSIENT or bool(cause and cause.args and cause.args[0] in _TRANSIENT)
