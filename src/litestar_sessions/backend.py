"""The face of both backends: what Litestar awaits, done by a storage of either half."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from litestar_sessions.base import SQLAlchemySessionBackendBase
from litestar_sessions.config import SQLAlchemyConfigT
from litestar_sessions.types import utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from litestar.middleware.session.server_side import ServerSideSessionConfig
    from litestar.stores.base import Store

    from litestar_sessions.threads import AnyStorage

__all__ = ("StorageSessionBackend",)


class StorageSessionBackend(SQLAlchemySessionBackendBase[SQLAlchemyConfigT]):
    """A backend whose sessions are in a storage.

    Litestar's ``store`` arguments are not used. If ``alchemy_config.create_all`` is true, the first
    operation creates the table if it is missing.

    Raises:
        ConfigurationError: As by the base; or the engine is of the other kind, or the model cannot
            hold sessions.
    """

    def __init__(
        self,
        config: ServerSideSessionConfig,
        alchemy_config: SQLAlchemyConfigT,
        model: type[Any],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(config, alchemy_config, model, clock=clock)
        self._storage = self._open_storage()
        create_all = getattr(alchemy_config, "create_all", False)
        self._prepare = _Once(self._storage.create_table, is_done=not create_all)

    @abstractmethod
    def _open_storage(self) -> AnyStorage:
        """Return the storage, for the engine, the model and the clock."""

    async def get(self, session_id: str, store: Store | None = None) -> bytes | None:  # noqa: ARG002 - Litestar's
        """Return the data of a live session, or ``None`` if there is none.

        The expiry moves only if ``config.renew_on_access`` is true.
        """
        await self._prepare()
        if self.config.renew_on_access:
            session = await self._storage.load_and_touch(session_id, self.next_expiry())
        else:
            session = await self._storage.load(session_id)
        return None if session is None else session.data

    async def set(self, session_id: str, data: bytes, store: Store | None = None) -> None:  # noqa: ARG002 - Litestar's
        """Replace the data of a session, expired or not, or create it; it lives for ``max_age``."""
        await self._prepare()
        await self._storage.save(session_id, data, self.next_expiry())

    async def delete(self, session_id: str, store: Store | None = None) -> None:  # noqa: ARG002 - Litestar's
        """Delete a session; do nothing if there is none."""
        await self._prepare()
        await self._storage.delete(session_id)

    async def delete_all(self, store: Store | None = None) -> None:  # noqa: ARG002 - Litestar's
        """Delete every session."""
        await self._prepare()
        await self._storage.delete_all()

    async def delete_expired(self) -> int:
        """Delete every expired session; return how many there were.

        A session that is saved meanwhile stays.
        """
        await self._prepare()
        return await self._storage.delete_expired()


class _Once:
    """Something to be done before anything else; all copies of a backend share one."""

    def __init__(self, function: Callable[[], Awaitable[None]], *, is_done: bool) -> None:
        self._function = function
        self._is_done = is_done

    async def __call__(self) -> None:
        if not self._is_done:
            await self._function()
            self._is_done = True
