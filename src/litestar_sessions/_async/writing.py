# The source of a generated twin: see CONTRIBUTING.md.
"""The verbs that change sessions which are live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from litestar_sessions._async.saving import SavingVerbs
from litestar_sessions._drivers.failures import violates_constraint
from litestar_sessions._sql.details import columns_of
from litestar_sessions._sql.parameters import Leave
from litestar_sessions._sql.records import StoredSession, whole
from litestar_sessions.exceptions import SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Executable

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.records import Reply

__all__ = ("WritingVerbs",)


class WritingVerbs(SavingVerbs):
    """Updates and touches sessions."""

    async def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        """Return a live session and move its expiry; ``None`` if there is none.

        One with a lifetime of its own lives on for that. Two statements on MySQL, MariaDB
        and Firebird, otherwise one.
        """
        statement = self._statements.load_and_touch
        if statement is None:
            is_live = await self.touch(session_id, expires_at)
            return await self._find(session_id) if is_live else None
        change = self._parameters.change(session_id, expires_at=expires_at, now=self.clock())
        session = await self._execution.write(statement, change, self._answer)
        while session is None and await self._unite(session_id):
            session = await self._execution.write(statement, change, self._answer)
        return session

    async def update(  # noqa: PLR0913 - what is kept by its name
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime | None,
        *,
        expected: bytes | StoredSession | None = None,
        new_id: str | None = None,
        details: SessionDetails | None = None,
    ) -> bool:
        """Replace the data and the expiry of a live session; return whether that was done.

        If it was not, nothing was: the session is gone, which this never undoes, or it has other
        data than was expected.

        Args:
            session_id: The ID of the session.
            data: The new data.
            expires_at: The new expiry; ``None`` if it stays, which costs the database less.
            expected: The data to replace, or a session that has it; ``None`` for any.
            new_id: An ID to have instead; the old one is dead from then on.
            details: What else the row is to say from then on, or has to say before; others stay
                as they are.

        Raises:
            SessionExistsError: There is a session under the new ID, live or expired; both stay.
        """
        columns = self._columns(details, rotates=new_id is not None)
        expiry = {} if expires_at is None else {"expires_at": expires_at}
        leave = Leave.of(expires_at, new_id)
        statements = self._statements.writing(columns, leave)
        values = {"data": data, "now": self.clock(), **expiry, **columns}
        change = self._parameters.change(session_id, new_id, leave=leave, **values)
        if expected is None:
            reply = await self._change(session_id, statements.overwrite, change)
        else:
            theirs = expected.data if isinstance(expected, StoredSession) else expected
            statement, value = statements.update_of(theirs)
            reply = await self._change(session_id, statement, {**change, **value})
        if reply.affected or not reply.is_again:
            return reply.affected > 0
        found = await self._find(session_id if new_id is None else new_id)
        return found is not None and found.data == data

    async def touch(
        self, session_id: str, expires_at: datetime, *, details: SessionDetails | None = None
    ) -> bool:
        """Move the expiry of a live session, and write details; return whether there was one.

        One with a lifetime of its own lives on for that, unless the details say what it was.
        """
        columns = columns_of(details)
        change = self._parameters.change(
            session_id, expires_at=expires_at, now=self.clock(), **columns
        )
        reply = await self._change(session_id, self._statements.writing(columns).touch, change)
        return reply.affected > 0

    def _columns(self, details: SessionDetails | None, *, rotates: bool) -> dict[str, Any]:
        """Return what is written; who rotates without a word wants no ID of before to be known."""
        columns = columns_of(details)
        if not (rotates and self._remembers_former):
            return columns
        now = self.clock()
        return {"former_session_id": None, "rotated_at": now, "rights_changed_at": now, **columns}

    async def _change(
        self, session_id: str, statement: Executable, change: Mapping[str, Any]
    ) -> Reply:
        """Return the reply to a change; one that was sent again may have been made before."""
        try:
            reply = await self._execution.write(statement, change, whole)
            while not reply.affected and await self._unite(session_id):
                reply = await self._execution.write(statement, change, whole)
        except DBAPIError as error:
            if not violates_constraint(error):
                raise
            # Only the key is unique. The driver's error, which quotes it, is not kept as the cause.
            raise SessionExistsError("There is a session under the new ID already.") from None
        return reply
