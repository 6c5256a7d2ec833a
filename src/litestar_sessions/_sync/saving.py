# Generated from src/litestar_sessions/_async/saving.py (make generate): edit that, not this.
"""The verbs that create sessions, or save them whether they are there or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from litestar_sessions._sync.reading import ReadingVerbs
from litestar_sessions._drivers.compat import sync_sleep
from litestar_sessions._drivers.failures import violates_constraint
from litestar_sessions._drivers.retries import Retries
from litestar_sessions._sql.details import columns_of
from litestar_sessions._sql.records import StoredSession, inserted_id
from litestar_sessions._sql.types import as_utc
from litestar_sessions.exceptions import SessionDamagedError, SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.statements import SessionStatements

__all__ = ("SavingVerbs",)


class SavingVerbs(ReadingVerbs):
    """Creates and saves sessions."""

    def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> StoredSession:
        """Store a new session, and return it.

        Args:
            session_id: The ID of the session.
            data: Its data.
            expires_at: Its expiry.
            details: What else its row is to say.

        Raises:
            SessionExistsError: There is one under this ID, live or expired; it stays as it is.
        """
        columns = columns_of(details)
        row = self._parameters.row(
            session_id, self.clock(), data=data, expires_at=expires_at, **columns
        )
        statement = self._statements.writing(columns).insert
        primary_key = row.get("s_id")
        try:
            primary_key = self._execution.write(statement, row, inserted_id)
        except DBAPIError as error:
            if not violates_constraint(error):
                raise
            is_ours = self._has(session_id, primary_key)
            if is_ours is None:  # it is a column of the user's that must not be null
                raise
            if not is_ours:
                # The driver's error, which quotes the ID, is not kept as the cause.
                raise SessionExistsError("There is a session under this ID already.") from None
            # Ours: it was written by a try whose answer was lost with its connection.
        # One that was handed in does not come back.
        primary_key = row.get("s_id", primary_key)
        return StoredSession(data, as_utc(expires_at), primary_key, row["s_key"], details)

    def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> None:
        """Replace the data, the expiry and the details of a session; create it if there is none.

        Details that are not named stay as they are.
        """
        now, columns = self.clock(), columns_of(details)
        content = {"data": data, "expires_at": expires_at, **columns}
        statements = self._statements.writing(columns)
        row = self._parameters.row(session_id, now, **content)
        if statements.save is not None:
            self._write(statements.save, row)
        else:
            content |= self._parameters.written_at(now)
            change = self._parameters.change(session_id, **content)
            self._look_then_write(session_id, statements, change, row)

    def _has(self, session_id: str, primary_key: Any) -> bool | None:
        """Tell whether a row has the ID and that primary key; ``None`` if none has the ID."""
        try:
            found = self._find(session_id)
        except SessionDamagedError:
            return False
        return None if found is None else primary_key is not None and found.id == primary_key

    def _look_then_write(
        self,
        session_id: str,
        statements: SessionStatements,
        change: Mapping[str, Any],
        row: Mapping[str, Any],
    ) -> None:
        retries = Retries()
        while not self._write(statements.replace, change):
            if self._unite(session_id):
                continue
            try:
                self._write(statements.insert, row)
            except DBAPIError as error:
                # Another request may have created it since it was found missing.
                sync_sleep(retries.pause_after(error, conflict=violates_constraint(error)))
            else:
                return

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
