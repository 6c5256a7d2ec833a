# Generated from src/litestar_sessions/_async/storage.py (make generate): edit that, not this.
"""The storage: sessions as rows of a table, and a few verbs for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from litestar_sessions._sync.execution import Execution
from litestar_sessions._sync.tables import create_missing, is_missing
from litestar_sessions._drivers.compat import sync_sleep
from litestar_sessions._sql.dialects import Retries, SaveBy, lets_one_write
from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys
from litestar_sessions._sql.parameters import SessionParameters, named
from litestar_sessions._sql.purges import Batches
from litestar_sessions._sql.records import (
    StoredSession,
    has_rows,
    inserted_id,
    rows_affected,
    stored_session,
)
from litestar_sessions._sql.statements import SessionStatements
from litestar_sessions._sql.types import as_utc, utc_now
from litestar_sessions.exceptions import SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Executable
    from sqlalchemy import Engine

__all__ = ("SyncSessionStorage",)


class SyncSessionStorage:
    """Sessions in one table of one database.

    A session is live while ``expires_at`` is later than the clock. Every verb takes any string as
    a session ID, is a single statement wherever the database allows, and may meet any other verb
    at the same moment: deadlocks and serialization failures are tried again, and so is, once, what
    met a connection that had died since it was last used.

    Args:
        engine: Where the table is. It is used in autocommit if that costs nothing.
        model: The mapped class of the table.
        clock: What returns the current time, aware.
        save_by: How to save; by default in the best way that the dialect has.
        keys: How session IDs are spelled in the table.

    Raises:
        ConfigurationError: The model cannot hold sessions, or the dialect cannot save that way.
    """

    def __init__(
        self,
        engine: Engine,
        model: type[Any],
        *,
        clock: Callable[[], datetime] = utc_now,
        save_by: SaveBy | None = None,
        keys: SessionKeys = PLAIN_KEYS,
    ) -> None:
        self.clock = clock
        self._statements = SessionStatements(model, engine.dialect, save_by, keys)
        self._parameters = SessionParameters(keys, with_id=self._statements.has_our_ids)
        self._execution = Execution(engine)

    def load(self, session_id: str) -> StoredSession | None:
        """Return a live session, or ``None`` if there is none; change nothing."""
        sought = self._parameters.find(session_id, now=self.clock())
        return self._execution.read(self._statements.load, sought, stored_session)

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
        return self._execution.write(statement, change, stored_session)

    def reload(self, session: StoredSession) -> StoredSession | None:
        """Return a session as it is now; ``None`` if it is not live any more.

        It is found under another session ID too; its key tells.
        """
        sought = named({"id": session.id, "now": self.clock()})
        return self._execution.read(self._statements.reload, sought, stored_session)

    def create(self, session_id: str, data: bytes, expires_at: datetime) -> StoredSession:
        """Store a new session, and return it.

        Raises:
            SessionExistsError: There is one under this ID, live or expired; it stays as it is.
        """
        row = self._parameters.row(session_id, self.clock(), data=data, expires_at=expires_at)
        try:
            primary_key = self._execution.write(self._statements.insert, row, inserted_id)
        except IntegrityError:
            # It may also be a column of the user's that must not be null.
            if not self._exists(session_id):
                raise
            # The driver's error, which quotes the ID, is not kept as the cause.
            raise SessionExistsError("There is a session under this ID already.") from None
        # One that was handed in does not come back.
        return StoredSession(data, as_utc(expires_at), row.get("s_id", primary_key), row["s_key"])

    def save(self, session_id: str, data: bytes, expires_at: datetime) -> None:
        """Replace the data and the expiry of a session; create it if there is none."""
        row = self._parameters.row(session_id, self.clock(), data=data, expires_at=expires_at)
        if self._statements.save is not None:
            self._write(self._statements.save, row)
        else:
            change = self._parameters.change(session_id, data=data, expires_at=expires_at)
            self._look_then_write(change, row)

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
            return self._change(self._statements.overwrite, change)
        return self._change(self._statements.update, {**change, "s_expected": expected})

    def touch(self, session_id: str, expires_at: datetime) -> bool:
        """Move the expiry of a live session; return whether there was one."""
        change = self._parameters.change(session_id, expires_at=expires_at, now=self.clock())
        return self._change(self._statements.touch, change)

    def rotate(self, session_id: str, new_id: str) -> bool:
        """Give a live session another ID; return whether there was one.

        The old ID is dead from then on; data and expiry stay.

        Raises:
            SessionExistsError: There is a session under the new ID, live or expired; both stay.
        """
        change = self._parameters.change(session_id, new_id, now=self.clock())
        return self._change(self._statements.rotate, change)

    def delete(self, session_id: str) -> None:
        """Remove a session, live or expired; do nothing if there is none."""
        self._write(self._statements.delete, self._parameters.find(session_id))

    def discard(self, session: StoredSession) -> None:
        """Remove a session that was loaded, also if it has another session ID by now."""
        self._write(self._statements.discard, named({"id": session.id}))

    def delete_all(self) -> int:
        """Remove every session; return how many there were."""
        return self._write(self._statements.delete_all, {})

    def delete_expired(self, *, batch_size: int = 4_000) -> int:
        """Remove every expired session; return how many were removed.

        Each batch is a transaction of its own, and as large as a moment allows, so that nobody
        waits for all of them. A session that is saved meanwhile stays. What others have locked at
        that moment, be it to remove it too, is left to the next run; so is what expires meanwhile.

        Args:
            batch_size: How many to remove at once, at most.

        Raises:
            ValueError: That is less than one.
        """
        now = self.clock()
        one_writes = lets_one_write(self._execution.engine.dialect)
        batches = Batches(batch_size, one_writes=one_writes)
        for limit in batches:
            values = {"s_now": now, "s_limit": limit}
            count = self._write(self._statements.delete_expired, values)
            sync_sleep(batches.pause_after(count))
        return batches.total

    def create_table(self) -> None:
        """Create the table and its indexes if they are missing; several processes may do so."""
        create_missing(self._execution.engine, self._statements.table.create)

    def has_table(self) -> bool:
        """Tell whether the table is there."""
        return not is_missing(self._execution.engine, self._statements.table)

    def _exists(self, session_id: str) -> bool:
        sought = self._parameters.find(session_id)
        return self._execution.read(self._statements.find, sought, has_rows)

    def _look_then_write(self, change: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        retries = Retries()
        while not self._write(self._statements.replace, change):
            try:
                self._write(self._statements.insert, row)
            except IntegrityError as error:
                # Another request may have created it since it was found missing.
                sync_sleep(retries.pause_after(error, conflict=True))
            else:
                return

    def _change(self, statement: Executable, change: Mapping[str, Any]) -> bool:
        try:
            count = self._write(statement, change)
        except IntegrityError:
            # Only the key is unique. The driver's error, which quotes it, is not kept as the cause.
            raise SessionExistsError("There is a session under the new ID already.") from None
        return count > 0

    def _write(self, statement: Executable, values: Mapping[str, Any]) -> int:
        return self._execution.write(statement, values, rows_affected)
