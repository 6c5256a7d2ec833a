"""What stands between requests and a storage: the table, the time, and one kind of error."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from sqlalchemy.exc import DataError, DBAPIError

from litestar_sessions._drivers.deadlines import Deadline
from litestar_sessions._drivers.failures import (
    Failure,
    describe,
    failure_of,
    misses_table,
    violates_constraint,
)
from litestar_sessions._requests.errors import SessionUnavailableError
from litestar_sessions._requests.events import fail
from litestar_sessions._requests.frames import without_values
from litestar_sessions._requests.wrapping import WrappedStorage
from litestar_sessions.exceptions import ConfigurationError, SessionDatabaseError, SessionError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from litestar_sessions._requests.settings import SessionSettings, TableState
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.records import StoredSession

    Load: TypeAlias = Callable[[str], Awaitable[StoredSession | None]]

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("LimitedStorage", "TableCreatingStorage")

_NOBODY = "nobody"
"""A session ID that none has: ours are longer."""


class TableCreatingStorage(WrappedStorage):
    """Creates the table, if it is missing, before the first verb and whenever it turns out to be.

    It may be dropped, and the file of the database deleted, while the application is running.
    """

    def __init__(self, storage: SessionStorage, table: TableState) -> None:
        super().__init__(storage)
        self._table = table

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._table.is_ready:
            await self._prepare()
        try:
            return await verb(*args, **kwargs)
        except DBAPIError as error:
            if not misses_table(error):
                raise
        await self._prepare()
        return await verb(*args, **kwargs)

    async def _prepare(self) -> None:
        """Create the table.

        Raises:
            ConfigurationError: There is one that lacks columns.
        """
        self._table.is_ready = False
        await self._storage.create_table()
        await self._storage.check_table()
        self._table.is_ready = True


class LimitedStorage(WrappedStorage):
    """Answers in time, or raises `SessionUnavailableError`; a bug is a `SessionDatabaseError`.

    Args:
        storage: What answers.
        settings: How many seconds it may take, and what is known of its database.
        load: What is called in place of its ``load``.
    """

    def __init__(self, storage: SessionStorage, settings: SessionSettings, load: Load) -> None:
        super().__init__(storage)
        self._patience = settings.patience
        self._health = settings.health
        self._load = load

    def load(self, session_id: str) -> Awaitable[StoredSession | None]:
        """Return a live session, or ``None``."""
        return self._call(self._load, session_id)

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._health.is_silent:
            await self._try()
        asked_at = self._health.clock()
        try:
            with Deadline(self._patience):
                answer = await verb(*args, **kwargs)
        except ConfigurationError as error:
            raise self._misfit(error) from None
        except SessionError:
            raise
        except Exception as error:  # noqa: BLE001 - each driver has exceptions of its own
            if misses_table(error):
                await self._explain()
            failure = self._failure(error, asked_at)
            raise failure from failure.__cause__
        self._health.note_answer()
        return answer

    async def _explain(self) -> None:
        """Find out what is missing.

        Raises:
            SessionDatabaseError: The table is, or columns of it; the message names the remedy.
        """
        try:
            with Deadline(self._patience):
                await self._storage.check_table()
        except ConfigurationError as error:
            raise self._misfit(error) from None
        except Exception:  # noqa: BLE001 - as below
            return  # what was found out before is told

    def _misfit(self, error: ConfigurationError) -> SessionDatabaseError:
        self._health.note_misfit(str(error))
        return SessionDatabaseError(str(error))

    async def _try(self) -> None:
        """Ask a database that was silent something harmless, if that is due."""
        if not self._health.may_try():
            self._health.note_refusal()
            raise SessionUnavailableError
        asked_at = self._health.clock()
        try:
            with Deadline(min(self._patience, self._health.TRIAL_TIME)):
                await self._storage.load(_NOBODY)
        except Exception as error:  # noqa: BLE001 - as above
            failure = self._failure(error, asked_at)
            raise failure from failure.__cause__
        self._health.note_answer()

    def _failure(self, error: Exception, asked_at: float) -> Exception:
        """Return what is raised in place of an error, once that has been taken note of."""
        without_values(error)
        if failure_of(error) is Failure.BUG:
            return _bug(error)
        self._health.note_failure(error, asked_at=asked_at)
        failure = SessionUnavailableError()
        failure.__cause__ = error
        return failure


def _bug(error: Exception) -> SessionDatabaseError:
    """Return what is raised in place of an error that is no outage, and log it."""
    message = f"The session database cannot do what it was asked: {describe(error)}"
    fail("database_error", message)
    bug = SessionDatabaseError(message)
    # The texts of these quote the row.
    bug.__cause__ = None if isinstance(error, DataError) or violates_constraint(error) else error
    return bug
