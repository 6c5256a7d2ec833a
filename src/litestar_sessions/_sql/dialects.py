"""What each database can do; nothing here asks one."""

from __future__ import annotations

from enum import Enum
from random import uniform
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect, Engine
    from sqlalchemy.exc import StatementError

__all__ = (
    "Retries",
    "SaveBy",
    "in_autocommit",
    "lets_one_write",
    "supports_merge",
    "supports_upsert",
    "way_to_save",
)

_WITH_UPSERT = {"postgresql", "cockroachdb", "sqlite", "mysql", "mariadb", "duckdb"}
_WITH_MERGE = {"oracle", "mssql"}

_TRANSIENT = {
    "40001",  # serialization failure (PostgreSQL, CockroachDB, SQL Server)
    "40P01",  # deadlock (PostgreSQL)
    1213,  # deadlock (MySQL, MariaDB)
    1205,  # lock wait timeout (MySQL, MariaDB), deadlock victim (SQL Server)
    1020,  # record has changed since last read (MariaDB with innodb_snapshot_isolation)
    "database is locked",  # SQLite's SQLITE_BUSY; its code is there since Python 3.11 only
    "database table is locked",  # SQLITE_LOCKED
}


class SaveBy(Enum):
    """A way to create a session or to replace it, whichever it takes."""

    UPSERT = "upsert"
    """``INSERT`` that updates on a conflict: one statement."""
    MERGE = "merge"
    """``MERGE``: one statement."""
    LOOK_THEN_WRITE = "look then write"
    """``UPDATE``, then ``INSERT`` if there was nothing to update, again if that conflicts."""


def supports_upsert(dialect: Dialect | None = None, *, force_disable: bool = False) -> bool:
    """Tell whether the dialect has an ``INSERT`` that updates on a conflict."""
    return dialect is not None and not force_disable and dialect.name in _WITH_UPSERT


def supports_merge(dialect: Dialect | None = None, *, force_disable: bool = False) -> bool:
    """Tell whether ``MERGE`` is the way to upsert.

    Not on PostgreSQL: its ``MERGE`` raises unique violations when two run at once, which
    ``INSERT ... ON CONFLICT`` never does (PostgreSQL manual, MERGE, Notes).
    """
    return dialect is not None and not force_disable and dialect.name in _WITH_MERGE


def way_to_save(dialect: Dialect, wanted: SaveBy | None = None) -> SaveBy:
    """Return the way that is wanted, or else the best one that the dialect has.

    Raises:
        ConfigurationError: The dialect does not have it.
    """
    best = SaveBy.LOOK_THEN_WRITE
    if supports_upsert(dialect):
        best = SaveBy.UPSERT
    elif supports_merge(dialect):
        best = SaveBy.MERGE
    if wanted in {SaveBy.UPSERT, SaveBy.MERGE} - {best}:
        raise ConfigurationError(
            f"{dialect.name} cannot save by {wanted}: leave save_by out, and it saves by {best}.",
        )
    return wanted or best


def in_autocommit(engine: Engine) -> tuple[Engine, bool]:
    """Return the engine, in autocommit if that costs nothing, and whether it is.

    A statement that is a transaction of its own needs no ``BEGIN``, ``COMMIT`` or ``ROLLBACK``.
    An engine that was created in autocommit stays as it is. PostgreSQL's drivers switch on the
    client's side; elsewhere switching there and back takes more round trips than it saves.
    """
    # No public attribute has the isolation level that was given to `create_engine`.
    if getattr(engine.dialect, "_on_connect_isolation_level", None) == "AUTOCOMMIT":
        return engine, True
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT"), True
    return engine, False


def lets_one_write(dialect: Dialect) -> bool:
    """Tell whether a transaction that writes keeps all others from writing."""
    return dialect.name == "sqlite"


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
