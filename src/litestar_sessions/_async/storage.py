# The source of a generated twin: see CONTRIBUTING.md.
"""The storage: sessions as rows of a table, and a few verbs for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError

from litestar_sessions._async.tables import create_missing
from litestar_sessions._compat import async_sleep
from litestar_sessions.dialects import Retries, SaveBy, in_autocommit
from litestar_sessions.exceptions import SessionExistsError
from litestar_sessions.keys import storage_key
from litestar_sessions.records import StoredSession, UpdateOutcome, rows_affected, stored_session
from litestar_sessions.statements import SessionStatements, parameters
from litestar_sessions.types import as_utc, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from sqlalchemy import Executable
    from sqlalchemy.engine import CursorResult
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")

__all__ = ("AsyncSessionStorage",)


class AsyncSessionStorage:
    """Sessions in one table of one database.

    A session is live while ``expires_at`` is later than the clock. Every verb takes any string as
    a session ID, is a single statement wherever the database allows, and may meet any other verb
    at the same moment: deadlocks and serialization failures are tried again.

    Args:
        engine: Where the table is. It is used in autocommit if that costs nothing.
        model: The mapped class of the table.
        clock: What returns the current time, aware.
        save_by: How to save; by default in the best way that the dialect has.

    Raises:
        ConfigurationError: The model cannot hold sessions, or the dialect cannot save that way.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        model: type[Any],
        *,
        clock: Callable[[], datetime] = utc_now,
        save_by: SaveBy | None = None,
    ) -> None:
        self.clock = clock
        self._statements = SessionStatements(model, engine.dialect, save_by)
        self._engine, self._is_autocommit = in_autocommit(engine)

    async def load(self, session_id: str) -> StoredSession | None:
        """Return a live session, or ``None`` if there is none; change nothing."""
        sought = parameters(session_id, now=self.clock())
        async with self._engine.connect() as connection:
            result = await connection.execute(self._statements.load, sought)
            return stored_session(result)

    async def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        """Return a live session and move its expiry; ``None`` if there is none.

        Two statements on MySQL and MariaDB, otherwise one.
        """
        statement = self._statements.load_and_touch
        if statement is None:
            session = await self.load(session_id)
            if session is None or not await self.touch(session_id, expires_at):
                return None
            return replace(session, expires_at=as_utc(expires_at))
        change = parameters(session_id, expires_at=expires_at, now=self.clock())
        return await self._run(statement, change, stored_session)

    async def create(self, session_id: str, data: bytes, expires_at: datetime) -> None:
        """Store a new session.

        Raises:
            SessionExistsError: There is one under this ID, live or expired; it stays as it is.
        """
        row = parameters(session_id, data=data, expires_at=expires_at)
        try:
            await self._write(self._statements.insert, row)
        except IntegrityError:
            # It may also be a column of the user's that must not be null.
            if not await self._exists(session_id):
                raise
            # The driver's error, which quotes the ID, is not kept as the cause.
            raise SessionExistsError("There is a session under this ID already.") from None

    async def save(self, session_id: str, data: bytes, expires_at: datetime) -> None:
        """Replace the data and the expiry of a session; create it if there is none."""
        row = parameters(session_id, data=data, expires_at=expires_at)
        statement = self._statements.save
        if statement is None:
            await self._look_then_write(row)
        else:
            await self._write(statement, row)

    async def update(
        self, session_id: str, data: bytes, expires_at: datetime, *, expected: bytes
    ) -> UpdateOutcome:
        """Replace the data and the expiry of a live session if its data is still as expected.

        Nothing is written if it is not; the answer then says whether the session was changed or is
        gone. A session that is gone is not brought back.
        """
        change = parameters(
            session_id, data=data, expires_at=expires_at, expected=expected, now=self.clock()
        )
        if await self._write(self._statements.update, change):
            return UpdateOutcome.DONE
        session = await self.load(session_id)
        return UpdateOutcome.CHANGED if session else UpdateOutcome.GONE

    async def touch(self, session_id: str, expires_at: datetime) -> bool:
        """Move the expiry of a live session; return whether there was one."""
        change = parameters(session_id, expires_at=expires_at, now=self.clock())
        count = await self._write(self._statements.touch, change)
        return count > 0

    async def rotate(self, session_id: str, new_id: str) -> bool:
        """Give a live session another ID; return whether there was one.

        The old ID is dead from then on; data and expiry stay.

        Raises:
            SessionExistsError: There is a session under the new ID, live or expired; both stay.
        """
        change = parameters(session_id, new_key=storage_key(new_id), now=self.clock())
        try:
            count = await self._write(self._statements.rotate, change)
        except IntegrityError:
            raise SessionExistsError("There is a session under the new ID already.") from None
        return count > 0

    async def delete(self, session_id: str) -> None:
        """Remove a session, live or expired; do nothing if there is none."""
        await self._write(self._statements.delete, parameters(session_id))

    async def delete_all(self) -> int:
        """Remove every session; return how many there were."""
        return await self._write(self._statements.delete_all, {})

    async def delete_expired(self, *, batch_size: int = 1_000) -> int:
        """Remove every expired session; return how many were removed.

        Each batch is a transaction of its own, so that nobody waits for all of them. A session
        that is saved meanwhile stays.
        """
        statement = self._statements.delete_expired(batch_size)
        moment = {"s_now": self.clock()}
        count = batch = await self._write(statement, moment)
        while batch == batch_size:
            batch = await self._write(statement, moment)
            count += batch
        return count

    async def create_table(self) -> None:
        """Create the table and its indexes if they are missing; several processes may do so."""
        await create_missing(self._engine, self._statements.table.create)

    async def _exists(self, session_id: str) -> bool:
        async with self._engine.connect() as connection:
            result = await connection.execute(self._statements.find, parameters(session_id))
            return result.one_or_none() is not None

    async def _look_then_write(self, row: Mapping[str, Any]) -> None:
        retries = Retries()
        while not await self._write(self._statements.replace, row):
            try:
                await self._write(self._statements.insert, row)
            except IntegrityError as error:
                # Another request may have created it since it was found missing.
                await async_sleep(retries.pause_after(error, conflict=True))
            else:
                return

    async def _write(self, statement: Executable, values: Mapping[str, Any]) -> int:
        return await self._run(statement, values, rows_affected)

    async def _run(
        self,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        retries = Retries()
        while True:
            try:
                async with self._transaction() as connection:
                    result = await connection.execute(statement, values)
                    return answer(result)
            except DBAPIError as error:
                await async_sleep(retries.pause_after(error))

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._engine.connect() if self._is_autocommit else self._engine.begin()
