# Generated from src/litestar_sessions/_async/execution.py (make generate): edit that, not this.
"""Running one statement, again if that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import StatementError

from litestar_sessions._drivers.compat import sync_sleep
from litestar_sessions._drivers.here import caller_for
from litestar_sessions._drivers.here import RunnerHere
from litestar_sessions._drivers.retries import Retries
from litestar_sessions._sql.records import again

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Executable
    from sqlalchemy import Engine

    from litestar_sessions._sql.records import Reply

T = TypeVar("T")

__all__ = ("Execution",)


class Execution:
    """Runs statements on an engine, each in a transaction of its own.

    A statement is tried again after a deadlock, a serialization failure or a lock that was not to
    be had; and once if its connection turns out to be dead, because the server was restarted since
    the connection was last used. Every statement of this package may be tried again.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._runners = RunnerHere(engine)
        self._call = caller_for(engine)

    def read(
        self, statement: Executable, values: Mapping[str, Any], answer: Callable[[Reply], T]
    ) -> T:
        """Return the answer to a statement that changes nothing."""
        run = self._runners.now.read
        return self._run(run, Retries(writes=False), statement, values, answer)

    def write(
        self, statement: Executable, values: Mapping[str, Any], answer: Callable[[Reply], T]
    ) -> T:
        """Return the answer to a statement that changes something."""
        return self._run(self._runners.now.write, Retries(), statement, values, answer)

    def _run(
        self,
        run: Callable[[Executable, Mapping[str, Any], Callable[[Reply], T]], T],
        retries: Retries,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[Reply], T],
    ) -> T:
        while True:
            try:
                result: T = self._call(run, statement, values, answer)
            except StatementError as error:
                sync_sleep(retries.pause_after(error))
                if retries.has_reconnected:
                    answer = again(answer)
            else:
                return result
