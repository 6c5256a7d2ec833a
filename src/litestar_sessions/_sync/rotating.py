# Generated from src/litestar_sessions/_async/rotating.py (make generate): edit that, not this.
"""The verbs for session IDs that change."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from litestar_sessions._sync.writing import WritingVerbs
from litestar_sessions._sql.former import FormerStatements, sessions_by_former_id
from litestar_sessions._sql.parameters import Leave
from litestar_sessions._sql.sizes import groups_of, padded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.records import StoredSession

__all__ = ("RotatingVerbs",)


class RotatingVerbs(WritingVerbs):
    """Gives sessions other IDs, and finds them by those of before."""

    @cached_property
    def _former(self) -> FormerStatements:
        return FormerStatements(self._statements.sessions, self._keys, self._loaded)

    def rotate(
        self,
        session_id: str,
        new_id: str,
        *,
        expires_at: datetime | None = None,
        details: SessionDetails | None = None,
    ) -> bool:
        """Give a live session another ID; return whether there was one.

        The data stays. The old ID is dead from then on, and so is any that the session had before,
        unless the details say which is remembered.

        Args:
            session_id: The ID of the session.
            new_id: The ID to have instead.
            expires_at: The new expiry; ``None`` if it stays.
            details: What else the row is to say from then on, or has to say before.

        Raises:
            SessionExistsError: There is a session under the new ID, live or expired; both stay.
        """
        columns = self._columns(details, rotates=True)
        expiry = {} if expires_at is None else {"expires_at": expires_at}
        statement = self._statements.writing(columns, Leave.of(expires_at, new_id)).rotate
        values = {"now": self.clock(), **expiry, **columns}
        change = self._parameters.change(session_id, new_id, **values)
        reply = self._change(session_id, statement, change)
        if reply.affected or not reply.is_again:
            return reply.affected > 0
        return self._find(new_id) is not None

    def load_former(
        self, session_ids: Sequence[str], since: datetime
    ) -> dict[str, StoredSession]:
        """Return the live sessions that had one of these IDs before, by that ID.

        Their details tell whether who has that ID is to have the session.

        Args:
            session_ids: The IDs.
            since: When the session has got another ID, at the earliest.

        Raises:
            ConfigurationError: The model does not remember former session IDs.
        """
        found: dict[str, StoredSession] = {}
        now = self.clock()
        for keys in groups_of(session_ids, self._keys):
            sought = self._parameters.among(padded(keys), now=now, since=since)
            answer = partial(sessions_by_former_id, keys=keys, names=self._former.names)
            statement = self._former.load(len(sought) - 2)
            found |= self._execution.read(statement, sought, answer)
        return found
