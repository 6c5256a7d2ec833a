"""SQLite's write-ahead log, which grows for as long as somebody writes at every moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar_sessions._drivers.files import path_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("MOMENTS", "may_be_long", "shorten_log")

SMALL = 2**23
"""In bytes; whatever is no larger is left alone, at no cost. SQLite itself aims at half of that."""

LONG = 1_000
"""How many pages; from here on SQLite itself looks at its log too."""
_RECENT = 1_000
"""Up to so many may be waiting for readers that are about to end."""
_WAIT = 50
"""For how many milliseconds all others may be kept from writing."""
_OTHERS_COPY = -1
"""The pages that SQLite tells while another connection copies the log, which takes a moment."""

MOMENTS = (0, *[0.003] * 20)
"""When to try again, in seconds, while another connection copies the log."""


def may_be_long(engine: AsyncEngine | Engine) -> bool:
    """Tell whether an engine has a log that is large enough to be looked at."""
    path = path_of(engine)
    try:
        return path is not None and Path(f"{path}-wal").stat().st_size > SMALL
    except OSError:
        return False


def shorten_log(connection: Connection) -> bool:
    """Have the log begin anew if it is long; return whether to try again in a moment.

    SQLite itself copies it into the database after each transaction, but begins anew only when
    nobody has written meanwhile. For as long as somebody reads what the database once was, it
    cannot be shortened, and this waits for nobody.
    """
    connection.execution_options(isolation_level="AUTOCOMMIT")
    (patience,) = _ask(connection, "busy_timeout")
    _ask(connection, f"busy_timeout = {_WAIT}")
    try:
        _, pages, copied = _ask(connection, "wal_checkpoint(PASSIVE)")
        if pages >= LONG and pages - copied <= _RECENT:
            _, pages, _ = _ask(connection, "wal_checkpoint(TRUNCATE)")
    except connection.dialect.loaded_dbapi.Error:  # somebody has all of it; after the next batch
        return False
    finally:
        _ask(connection, f"busy_timeout = {patience}")
    return bool(pages == _OTHERS_COPY)


def _ask(connection: Connection, pragma: str) -> Any:
    """Return the reply, past listeners: it is no statement of a session's."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"PRAGMA {pragma}")
        return cursor.fetchone()
    finally:
        cursor.close()
