"""What the error of a driver means: the one place that decides it, for every driver."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from litestar_sessions._drivers.codes import CLASSES, MEANINGS, Failure

__all__ = (
    "Failure",
    "describe",
    "failure_of",
    "is_damage",
    "is_undone",
    "misses_table",
    "violates_constraint",
)


_MISSING = {
    *("42P01", "42703", "3F000"),  # no such table, column or schema (PostgreSQL)
    *(1146, 1054),  # no such table or column (MySQL, MariaDB)
}
_SQLITE_MISSING = re.compile("no such (table|column)|table .* has no column")
_UNDONE = {"40001", "40P01", 1213}
_HINT = " (behind a pooler in transaction mode, turn prepared statements off: docs/engines.md)"
_HINTED = {"26000", "42P05"}
_CONSTRAINT = "23"
"""The class of SQLSTATE for it (SQL standard, part 2, clause 24)."""
_STALE_PLAN = "cached plan must not change result type"
_LIBPQ_REFUSAL = re.compile(
    '(database|role) ".*" does not exist|authentication failed|no pg_hba.conf entry|no password'
)
"""What psycopg and psycopg2 say when they cannot connect: libpq tells them no SQLSTATE."""
_SQLITE_ERROR = 1  # SQL that does not fit the database (sqlite.org/rescode.html)
_SQLITE_BUG = re.compile("no such |near |table .* (has no column|already exists)")
_OUTAGES = {"OperationalError", "InterfaceError", "InternalError", "InternalClientError"}
"""Classes of drivers whose errors are outages unless their code says something else."""
_CONFLICTS = {"TransactionException"}
"""DuckDB's class for what others have a code for: another one has changed the row meanwhile."""
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


def violates_constraint(error: Exception) -> bool:
    """Tell whether a row would violate a constraint, such as that of a key to be unique.

    Most drivers have a class for that (`IntegrityError`), Firebird's has only a SQLSTATE.
    """
    if not isinstance(error, DBAPIError):
        return False
    return isinstance(error, IntegrityError) or str(_state_of(error.orig)).startswith(_CONSTRAINT)


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
    known = [MEANINGS[code] for code in codes if code in MEANINGS]
    if known:
        return known[0]
    if _STALE_PLAN in str(cause):
        return Failure.CONNECTION
    state = _state_of(cause)
    if isinstance(state, str) and all(isinstance(code, str) for code in codes):
        return CLASSES.get(state[:2], Failure.BUG)
    return None


def _by_class(cause: Any) -> Failure:
    if isinstance(cause, (OSError, TimeoutError, asyncio.TimeoutError, PoolTimeoutError)):
        return Failure.OUTAGE
    names = [kind.__name__ for kind in type(cause).__mro__]
    if names[0] in _CONFLICTS:
        return Failure.CONFLICT
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
