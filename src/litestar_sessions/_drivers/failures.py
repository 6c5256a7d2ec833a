"""What the error of a driver means: the one place that decides it, for every driver."""

from __future__ import annotations

import asyncio
import re
from enum import Enum, auto
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

__all__ = ("Failure", "describe", "failure_of", "is_damage", "is_undone", "misses_table")


class Failure(Enum):
    """What an error means for the statement that met it."""

    CONNECTION = auto()
    """The connection is of no use any more, and others of its pool are not either."""
    CONFLICT = auto()
    """The same statement may succeed when it is tried again on this connection."""
    REFUSAL = auto()
    """The server answers, but does not let us in: a wrong password, or no such database."""
    OUTAGE = auto()
    """The database cannot answer at the moment."""
    BUG = auto()
    """Trying later is of no use: the table, the data or the code is wrong."""


# Codes of SQLSTATE are text, those of MySQL and MariaDB are numbers.
_MEANINGS: dict[Any, Failure] = {
    **dict.fromkeys(
        (
            "25006",  # read-only: the server is a standby since a failover (PostgreSQL)
            "26000",  # a prepared statement that is gone: the server's end is another one
            "42P05",  # one that is there already: as above
            1047,  # WSREP has not yet prepared node for application use (Galera)
            1290,  # read-only by an option (MySQL, MariaDB)
            1792,  # a transaction that is read-only, as on such a server (MariaDB, older drivers)
            1836,  # read-only mode (MySQL, MariaDB)
            # SQLite, of a file that was moved, deleted or replaced since it was opened.
            "attempt to write a readonly database",
            "disk I/O error",
            "database disk image is malformed",
            "file is not a database",
        ),
        Failure.CONNECTION,
    ),
    **dict.fromkeys(
        (
            "40001",  # serialization failure (PostgreSQL, CockroachDB, SQL Server)
            "40P01",  # deadlock (PostgreSQL)
            1213,  # deadlock (MySQL, MariaDB), or certification failure (Galera)
            1205,  # lock wait timeout (MySQL, MariaDB), deadlock victim (SQL Server)
            1020,  # record has changed since last read (MariaDB, innodb_snapshot_isolation)
            "database is locked",  # SQLITE_BUSY; its code is there since Python 3.11 only
            "database table is locked",  # SQLITE_LOCKED
        ),
        Failure.CONFLICT,
    ),
    **dict.fromkeys(
        (1044, 1045, 1049, 1130, 1698, "unable to open database file"), Failure.REFUSAL
    ),
    # Drivers raise an OperationalError for these, as for a server that is down.
    **dict.fromkeys(
        (
            *(1048, 1051, 1054, 1064, 1071, 1118, 1142, 1143, 1146),  # columns, tables and rights
            *(1153, 1264, 1265, 1292, 1364, 1366, 1406),  # data that does not fit
            *(1305, 1644, 3819, 4025),  # triggers and constraints
        ),
        Failure.BUG,
    ),
}
_MISSING = {
    *("42P01", "42703", "3F000"),  # no such table, column or schema (PostgreSQL)
    *(1146, 1054),  # no such table or column (MySQL, MariaDB)
}
_SQLITE_MISSING = re.compile("no such (table|column)|table .* has no column")
_UNDONE = {"40001", "40P01", 1213}
_CLASSES = {
    "28": Failure.REFUSAL,  # invalid authorization
    "3D": Failure.REFUSAL,  # invalid catalog name
    **dict.fromkeys(("08", "40", "53", "55", "57", "58", "XX"), Failure.OUTAGE),
}
"""The first two characters of a SQLSTATE (PostgreSQL manual, appendix A); others are bugs."""

_HINT = " (behind a pooler in transaction mode, turn prepared statements off: docs/engines.md)"
_HINTED = {"26000", "42P05"}
_STALE_PLAN = "cached plan must not change result type"
_LIBPQ_REFUSAL = re.compile(
    '(database|role) ".*" does not exist|authentication failed|no pg_hba.conf entry|no password'
)
"""What psycopg and psycopg2 say when they cannot connect: libpq tells them no SQLSTATE."""
_SQLITE_ERROR = 1  # SQL that does not fit the database (sqlite.org/rescode.html)
_SQLITE_BUG = re.compile("no such |near |table .* (has no column|already exists)")
_OUTAGES = {"OperationalError", "InterfaceError", "InternalError", "InternalClientError"}
"""Classes of drivers whose errors are outages unless their code says something else."""
_NO_SUCH_VALUE = (ValueError, TypeError, AttributeError, OverflowError)
_NO_TEXT = "Could not decode to UTF-8"
"""What sqlite3 says of bytes in a column of text."""
_QUOTED = re.compile(r"(entry|value:?) '.*?'(?= for )")


def failure_of(error: BaseException) -> Failure:
    """Return what an error means: one of SQLAlchemy's, or one that a driver raised itself."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return Failure.CONNECTION
        cause: Any = error.orig
    else:
        cause = error
    found = _by_code(cause)
    return _by_class(cause) if found is None else found


def is_undone(error: DBAPIError) -> bool:
    """Tell whether a transaction was undone because another one had the same rows."""
    return not _UNDONE.isdisjoint(_codes_of(error.orig))


def misses_table(error: BaseException) -> bool:
    """Tell whether the table of a statement, or a column of it, was not there."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    codes = _codes_of(cause) if cause is not None else []
    return any(code in _MISSING or bool(_SQLITE_MISSING.match(str(code))) for code in codes)


def is_damage(error: Exception) -> bool:
    """Tell whether a row was found, and holds values that are none of its columns.

    SQLite lets any column hold anything, and PostgreSQL has dates beyond those of Python. What
    makes values of them is the driver, SQLAlchemy or a column type, each with errors of its own.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, _NO_SUCH_VALUE)
    if _NO_TEXT in str(error.orig):
        return True
    # What a server itself objects to has a code.
    has_number = any(isinstance(code, int) for code in _codes_of(error.orig))
    return isinstance(error, DataError) and not (has_number or _state_of(error.orig))


def _codes_of(cause: Any) -> list[str | int]:
    """Return what a driver has as codes: a SQLSTATE, a number, or words that stand for one."""
    codes = (_state_of(cause), cause.args[0] if cause.args else None)
    return [code for code in codes if isinstance(code, str | int)]


def _by_code(cause: Any) -> Failure | None:
    codes = _codes_of(cause)
    known = [_MEANINGS[code] for code in codes if code in _MEANINGS]
    if known:
        return known[0]
    if _STALE_PLAN in str(cause):
        return Failure.CONNECTION
    state = _state_of(cause)
    if isinstance(state, str) and all(isinstance(code, str) for code in codes):
        return _CLASSES.get(state[:2], Failure.BUG)
    return None


def _by_class(cause: Any) -> Failure:
    if isinstance(cause, (OSError, TimeoutError, asyncio.TimeoutError, PoolTimeoutError)):
        return Failure.OUTAGE
    names = [kind.__name__ for kind in type(cause).__mro__]
    if "IntegrityError" in names or _is_bug_on_sqlite(cause):
        return Failure.BUG
    if names[0] == "OperationalError" and _LIBPQ_REFUSAL.search(str(cause)):
        return Failure.REFUSAL
    is_outage = not _OUTAGES.isdisjoint(names) or names[0] == "DatabaseError"
    return Failure.OUTAGE if is_outage else Failure.BUG


def _is_bug_on_sqlite(cause: Any) -> bool:
    # The code is there since Python 3.11.
    if getattr(cause, "sqlite_errorcode", None) == _SQLITE_ERROR:
        return True
    return "sqlite3" in type(cause).__module__ and bool(_SQLITE_BUG.match(str(cause)))


def describe(error: BaseException) -> str:
    """Return the class of a driver's error and its first line, without values of the session.

    Further lines may quote the row; some servers quote a value in the first one too.
    """
    cause = (error.orig if isinstance(error, DBAPIError) else None) or error
    first, *_ = str(cause).splitlines() or [""]
    text = _QUOTED.sub(r"\1 '...'", first) + (_HINT if _state_of(cause) in _HINTED else "")
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def _state_of(cause: Any) -> Any:
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
