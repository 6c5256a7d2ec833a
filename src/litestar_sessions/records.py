"""What the verbs of a storage return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from litestar_sessions.types import as_utc

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import CursorResult

__all__ = ("StoredSession", "UpdateOutcome", "rows_affected", "stored_session")


@dataclass(frozen=True)
class StoredSession:
    """What storage has of a live session."""

    data: bytes
    expires_at: datetime
    """Aware, in UTC."""


class UpdateOutcome(Enum):
    """What became of an update."""

    DONE = "done"
    CHANGED = "changed"
    """Nothing was written: the session has other data than was expected."""
    GONE = "gone"
    """Nothing was written: there is no live session."""


def stored_session(result: CursorResult[Any]) -> StoredSession | None:
    """Return the one session in a result, or ``None``."""
    row = result.one_or_none()
    return None if row is None else StoredSession(bytes(row.data), as_utc(row.expires_at))


def rows_affected(result: CursorResult[Any]) -> int:
    """Return how many rows the statement matched."""
    return result.rowcount
