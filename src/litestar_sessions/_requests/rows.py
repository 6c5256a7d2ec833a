"""Which rows a connection has met, where a class of backends makes other IDs of session IDs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar_sessions._sql.records import StoredSession

__all__ = ("KnownRows",)


class KnownRows:
    """The rows of a connection, by session IDs."""

    def __init__(self) -> None:
        self.row_ids: dict[str, str] = {}
        """What an override has made of each session ID."""
        self.rows: dict[str, StoredSession] = {}
        self.last_id = ""

    def row_id_of(self, session_id: str) -> str:
        """Return the ID that a row has."""
        return self.row_ids.get(session_id, session_id)

    def id_of(self, session: StoredSession) -> str:
        """Return the ID by which a session was loaded or created."""
        known = (each for each, row in self.rows.items() if row.id == session.id)
        return next(known, self.last_id)

    def note_change(
        self, session_id: str, row_id: str, row: StoredSession, change: StoredSession
    ) -> None:
        """Know what was written to a row, whose expiry may have stayed."""
        self.row_ids[session_id] = row_id
        expires_at = change.expires_at or row.expires_at  # type: ignore[truthy-bool]  # as it may be
        self.rows[session_id] = replace(row, data=change.data, expires_at=expires_at)

    def rename(self, session_id: str, new_id: str) -> None:
        """Know a session by its new ID."""
        self.row_ids[new_id] = self.row_ids.pop(session_id)
        self.rows[new_id] = self.rows.pop(session_id)
        self.last_id = new_id
