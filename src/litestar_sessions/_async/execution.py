# The source of a generated twin: see CONTRIBUTING.md.
"""Running one statement, again if that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import StatementError

from litestar_sessions._compat import async_sleep
from litestar_sessions.dialects import Retries, in_autocommit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Executable
    from sqlalchemy.engine import CursorResult
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")

__all__ = ("Execution",)


class Execution:
    """Runs statements on an engine, each in a transaction of its own.

    A statement is tried again after a deadlock, a serialization failure or a lock that was not to
    be had; and once if its connection turns out to be dead, because the server was restarted since
    the connection was last used. Every statement of this package may be tried again.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine, self._is_autocommit = in_autocommit(engine)

    async def read(
        self,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        """Return the answer to a statement that changes nothing."""
        return await self._run(self.engine.connect, statement, values, answer)

    async def write(
        self,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        """Return the answer to a statement that changes something."""
        begin = self.engine.connect if self._is_autocommit else self.engine.begin
        return await self._run(begin, statement, values, answer)

    async def _run(
        self,
        begin: Callable[[], AbstractAsyncContextManager[AsyncConnection]],
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        retries = Retries()
        while True:
            try:
                async with begin() as connection:
                    result = await connection.execute(statement, values)
                    return answer(result)
            except StatementError as error:
                await async_sleep(retries.pause_after(error))
