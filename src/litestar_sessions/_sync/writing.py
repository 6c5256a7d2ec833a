# Generated from src/litestar_sessions/_async/writing.py (make generate): edit that, not this.
"""The verbs that create sessions, and that change them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from litestar_sessions._sync.reading import ReadingVerbs
from litestar_sessions._drivers.compat import sync_sleep
from litestar_sessions._drivers.retries import Retries
from litestar_sessions._sql.records import StoredSession, inserted_id, stored_session, whole
from litestar_sessions._sql.types import as_utc
from litestar_sessions.exceptions import SessionDamagedError, SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Executable

    from litestar_sessions._sql.records import Reply

__all__ = ("WritingVerbs",)


class WritingVerbs(ReadingVerbs):
    """Creates, saves, updates, touches and rotates sessions."""

    def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        """Return a live session and move its expiry; ``None`` if there is none.

        Two statements on MySQL and MariaDB, otherwise one.
        """
        statement = self._statements.load_and_touch
        if statement is None:
            session = self.load(session_id)
            if session is None or not self.touch(session_id, expires_at):
                return None
            return replace(session, expires_at=as_utc(expires_at))
        change = self._parameters.change(session_id, expires_at=expires_at, now=self.clock())
        session = self._execution.write(statement, change, stored_session)
        while session is None and self._unite(session_id):
            session = self._execution.write(statement, change, stored_session)
        return session

    def create(self, session_id: str, data: bytes, expires_at: datetime) -> StoredSession:
        """Store a new session, and return it.

        Raises:
            SessionExistsError: There is one under this ID, live or expired; it stays as it is.
        """
        row = self._parameters.row(session_id, self.clock(), data=data, expires_at=expires_at)
        try:
            primary_key = self._execution.write(self._statements.insert, row, inserted_id)
        except IntegrityError:
            primary_key = row.get("s_id")
            try:
                found = self._find(session_id)
                if found is None:  # it is a column of the user's that must not be null
                    raise
                is_ours = primary_key is not None and found.id == primary_key
            except SessionDamagedError:
                is_ours = False
            if not is_ours:
                # The driver's error, which quotes the ID, is not kept as the cause.
                raise SessionExistsError("There is a session under this ID already.") from None
            # Ours: it was written by a try whose answer was lost with its connection.
        # One that was handed in does not come back.
        return StoredSession(data, as_utc(expires_at), row.get("s_id", primary_key), row["s_key"])

    def save(self, session_id: str, data: bytes, expires_at: datetime) -> None:
        """Replace the data and the expiry of a session; create it if there is none."""
        row = self._parameters.row(session_id, self.clock(), data=data, expires_at=expires_at)
        if self._statements.save is not None:
            self._write(self._statements.save, row)
        else:
            change = self._parameters.change(session_id, data=data, expires_at=expires_at)
            self._look_then_write(session_id, change, row)

    def update(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        expected: bytes | None = None,
        new_id: str | None = None,
    ) -> bool:
        """Replace the data and the expiry of a live session; return whether that was done.

        If it was not, nothing was: the session is gone, which this never undoes, or it has other
        data than was expected.

        Args:
            session_id: The ID of the session.
            data: The new data.
            expires_at: The new expiry.
            expected: The data to replace; ``None`` for any.
            new_id: An ID to have instead; the old one is dead from then on.

        Raises:
            SessionExistsError: There is a session under the new ID, live or expired; both stay.
        """
        change = self._parameters.change(
            session_id, new_id, data=data, expires_at=expires_at, now=self.clock()
        )
        if expected is None:
            reply = self._change(session_id, self._statements.overwrite, change)
        else:
            statement, value = self._statements.update_of(expected)
            reply = self._change(session_id, statement, {**change, **value})
        if reply.affected or not reply.is_again:
            return reply.affected > 0
        found = self.load(session_id if new_id is None else new_id)
        return found is not None and found.data == data

    def touch(self, session_id: str, expires_at: datetime) -> bool:
        """Move the expiry of a live session; return whether there was one."""
        change = self._parameters.change(session_id, expires_at=expires_at, now=self.clock())
        reply = self._change(session_id, self._statements.touch, change)
        return reply.affected > 0

    def rotate(self, session_id: str, new_id: str) -> bool:
        """Give a live session another ID; return whether there was one.

        The old ID is dead from then on; data and expiry stay.

        Raises:
            SessionExistsError: There is a session under the new ID, live or expired; both stay.
        """
        change = self._parameters.change(session_id, new_id, now=self.clock())
        reply = self._change(session_id, self._statements.rotate, change)
        if reply.affected or not reply.is_again:
            return reply.affected > 0
        return self._find(new_id) is not None

    def _look_then_write(
        self, session_id: str, change: Mapping[str, Any], row: Mapping[str, Any]
    ) -> None:
        retries = Retries()
        while not self._write(self._statements.replace, change):
            if self._unite(session_id):
                continue
            try:
                self._write(self._statements.insert, row)
            except IntegrityError as error:
                # Another request may have created it since it was found missing.
                sync_sleep(retries.pause_after(error, conflict=True))
            else:
                return

    def _change(
        self, session_id: str, statement: Executable, change: Mapping[str, Any]
    ) -> Reply:
        """Return the reply to a change; one that was sent again may have been made before."""
        try:
            reply = self._execution.write(statement, change, whole)
            while not reply.affected and self._unite(session_id):
                reply = self._execution.write(statement, change, whole)
        except IntegrityError:
            # Only the key is unique. The driver's error, which quotes it, is not kept as the cause.
            raise SessionExistsError("There is a session under the new ID already.") from None
        return reply

    def _unite(self, session_id: str) -> bool:
        """Remove all rows of a session but one; return whether there were several.

        Whoever knows the ID by one spelling only creates a second row beside that which has
        another one: a process of before, while processes are replaced one by one.
        """
        if not self._statements.has_several_keys:
            return False
        kept = self._find(session_id)
        if kept is None:
            return False
        others = self._parameters.find(session_id, kept=kept.key, expires_at=kept.expires_at)
        return self._write(self._statements.delete_others, others) > 0
