"""A storage for those who ask beside requests: whatever they do is told to listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from litestar_sessions._requests.wrapping import WrappedStorage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from litestar_sessions._requests.listeners import Listeners
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.records import StoredSession

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("told",)


def told(storage: SessionStorage, listeners: Listeners | None) -> SessionStorage:
    """Return a storage that tells listeners; the storage itself if there are none."""
    return storage if listeners is None else ToldStorage(storage, listeners)


class ToldStorage(WrappedStorage):
    """Tells what the statements tell, which often is neither the primary key nor the owner.

    Args:
        storage: What is asked.
        listeners: Who is told.
    """

    def __init__(self, storage: SessionStorage, listeners: Listeners) -> None:
        super().__init__(storage)
        self._listeners = listeners

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await verb(*args, **kwargs)

    async def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> None:
        await self._storage.save(session_id, data, expires_at, details=details)
        self._listeners.tell("changed", owner=(details or {}).get("owner"))

    async def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        session = await self._storage.load_and_touch(session_id, expires_at)
        if session is not None:
            self._listeners.tell("renewed", session)
        return session

    async def touch(
        self, session_id: str, expires_at: datetime, *, details: SessionDetails | None = None
    ) -> bool:
        is_live = await self._storage.touch(session_id, expires_at, details=details)
        if is_live:
            self._listeners.tell("renewed")
        return is_live

    async def delete(self, session_id: str) -> None:
        await self._storage.delete(session_id)
        self._listeners.tell("ended", reason="administrator")

    async def delete_all(self) -> int:
        count = await self._storage.delete_all()
        self._tell_ended(count, "administrator")
        return count

    async def delete_expired(self) -> int:
        count = await self._storage.delete_expired()
        self._tell_ended(count, "expired")
        return count

    async def end_owned(self, owner: str, *, only: Any = None, but: Any = None) -> int:
        count = await self._storage.end_owned(owner, only=only, but=but)
        self._tell_ended(count, "administrator", owner=owner)
        return count

    def _tell_ended(self, count: int, reason: Any, **more: Any) -> None:
        if count:
            self._listeners.tell("ended", reason=reason, count=count, **more)
