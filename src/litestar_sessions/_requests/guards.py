"""What stands between requests and a storage: the table, the time, and one kind of error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from litestar_sessions._requests.errors import SessionUnavailableError
from litestar_sessions._requests.wrapping import WrappedStorage
from litestar_sessions.exceptions import SessionError

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar_sessions._requests.settings import TableState
    from litestar_sessions._requests.storage import SessionStorage

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("LimitedStorage", "TableCreatingStorage")


class TableCreatingStorage(WrappedStorage):
    """Creates the table, if it is missing, before the first verb."""

    def __init__(self, storage: SessionStorage, table: TableState) -> None:
        super().__init__(storage)
        self._table = table

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._table.is_ready:
            await self._storage.create_table()
            self._table.is_ready = True
        return await verb(*args, **kwargs)


class LimitedStorage(WrappedStorage):
    """Answers in time, or raises `SessionUnavailableError`; other errors are those of the storage.

    Args:
        storage: What answers.
        patience: How many seconds it may take.
    """

    def __init__(self, storage: SessionStorage, patience: float) -> None:
        super().__init__(storage)
        self._patience = patience

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with timeout(self._patience):
                return await verb(*args, **kwargs)
        except SessionError:
            raise
        except Exception as error:  # each driver has exceptions of its own
            raise SessionUnavailableError from error
