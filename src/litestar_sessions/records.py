"""What the verbs of a storage return."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar_sessions.types import as_utc

if TYPE_CHECKING:
    from sqlalchemy.engine import CursorResult, Row

__all__ = ("StoredSession", "first_row", "inserted_id", "rows_affected", "stored_session")

_VERSION_WITH_TIME = 7


@dataclass(frozen=True)
class StoredSession:
    """What storage has of a live session."""

    data: bytes = field(repr=False)
    expires_at: datetime
    """Aware, in UTC."""
    id: Any = field(default=None, compare=False)
    """The primary key of the row, which stays when the session gets another session ID."""
    key: str = field(default="", compare=False, repr=False)
    """What the column ``session_id`` holds."""

    @property
    def created_at(self) -> datetime | None:
        """When the session was created, to the millisecond; ``None`` if the row does not tell.

        A UUIDv7 begins with the time in milliseconds (RFC 9562, section 5.7).
        """
        if isinstance(self.id, UUID) and self.id.version == _VERSION_WITH_TIME:
            return datetime.fromtimestamp((self.id.int >> 80) / 1000, timezone.utc)
        return None


def stored_session(result: CursorResult[Any]) -> StoredSession | None:
    """Return the one session in a result, or ``None``."""
    row = result.one_or_none()
    if row is None:
        return None
    return StoredSession(bytes(row.data), as_utc(row.expires_at), row.id, row.session_id)


def rows_affected(result: CursorResult[Any]) -> int:
    """Return how many rows the statement matched."""
    return result.rowcount


def first_row(result: CursorResult[Any]) -> Row[Any] | None:
    """Return the first row of a result, or ``None``."""
    return result.first()


def inserted_id(result: CursorResult[Any]) -> Any:
    """Return the ``id`` of the row that was inserted; ``None`` if that is not its primary key."""
    return getattr(result.inserted_primary_key, "id", None)
