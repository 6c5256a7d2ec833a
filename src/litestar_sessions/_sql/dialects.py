"""What each database can do; nothing here asks one."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = (
    "SaveBy",
    "lets_one_write",
    "returns_updated",
    "supports_merge",
    "supports_upsert",
    "way_to_save",
)

_WITH_UPSERT = {"postgresql", "cockroachdb", "sqlite", "mysql", "mariadb", "duckdb"}
_WITH_MERGE = {"oracle", "mssql"}
_RACING = {"duckdb"}
"""Their upserts raise unique violations when two run at once."""


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
        best = SaveBy.LOOK_THEN_WRITE if dialect.name in _RACING else SaveBy.UPSERT
    elif supports_merge(dialect):
        best = SaveBy.MERGE
    if wanted in {SaveBy.UPSERT, SaveBy.MERGE} - {best}:
        raise ConfigurationError(
            f"{dialect.name} cannot save by {wanted}: leave save_by out, and it saves by {best}.",
        )
    return wanted or best


def returns_updated(dialect: Dialect) -> bool:
    """Tell whether an ``UPDATE`` returns the rows that it has changed, and nothing else.

    One on Firebird that changes nothing returns a row, of ``NULL``.
    """
    return dialect.update_returning and not dialect.name.startswith("firebird")


def lets_one_write(dialect: Dialect) -> bool:
    """Tell whether a transaction that writes keeps all others from writing."""
    return dialect.name == "sqlite"
