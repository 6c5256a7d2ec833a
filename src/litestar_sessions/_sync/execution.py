# Generated from src/litestar_sessions/_async/execution.py (make generate): edit that, not this.
"""Running one statement, again if that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import StatementError

from litestar_sessions._compat import sync_sleep
from litestar_sessions.dialects import Retries, in_autocommit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy import Executable
    from sqlalchemy.engine import CursorResult
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

__all__ = ("Execution",)


class Execution:
    """Runs statements on an engine, each in a transaction of its own.

    A statement is tried again after a deadlock, a serialization failure or a lock that was not to
    be had; and once if its connection turns out to be dead, because the server was restarted since
    the connection was last used. Every statement of this package may be tried again.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self._is_autocommit = in_autocommit(engine)

    def read(
        self,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        """Return the answer to a statement that changes nothing."""
        return self._run(self.engine.connect, statement, values, answer)

    def write(
        self,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        """Return the answer to a statement that changes something."""
        begin = self.engine.connect if self._is_autocommit else self.engine.begin
        return self._run(begin, statement, values, answer)

    def _run(
        self,
        begin: Callable[[], AbstractContextManager[Connection]],
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[CursorResult[Any]], T],
    ) -> T:
        retries = Retries()
        while True:
            try:
                with begin() as connection:
                    result = connection.execute(statement, values)
                    return answer(result)
            except StatementError as error:
                sync_sleep(retries.pause_after(error))
