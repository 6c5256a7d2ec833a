"""A storage around another one: what happens before and after each verb, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.records import StoredSession

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("WrappedStorage",)


class WrappedStorage(ABC):
    """Calls each verb of another storage in the way of its subclass.

    It is written out so that a call of a verb can be followed, and its types are checked.
    """

    def __init__(self, storage: SessionStorage) -> None:
        self._storage = storage

    @abstractmethod
    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the answer of a verb of the other storage."""

    def load(self, session_id: str) -> Awaitable[StoredSession | None]:
        return self._call(self._storage.load, session_id)

    def load_many(self, session_ids: Sequence[str]) -> Awaitable[dict[str, StoredSession]]:
        return self._call(self._storage.load_many, session_ids)

    def load_and_touch(
        self, session_id: str, expires_at: datetime
    ) -> Awaitable[StoredSession | None]:
        return self._call(self._storage.load_and_touch, session_id, expires_at)

    def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> Awaitable[StoredSession | None]:
        return self._call(self._storage.reload, session, session_id)

    def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> Awaitable[StoredSession]:
        return self._call(self._storage.create, session_id, data, expires_at, details=details)

    def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> Awaitable[None]:
        return self._call(self._storage.save, session_id, data, expires_at, details=details)

    def update(  # noqa: PLR0913 - as in the storage
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime | None,
        *,
        expected: bytes | StoredSession | None = None,
        new_id: str | None = None,
        details: SessionDetails | None = None,
    ) -> Awaitable[bool]:
        return self._call(
            self._storage.update,
            session_id,
            data,
            expires_at,
            expected=expected,
            new_id=new_id,
            details=details,
        )

    def touch(
        self, session_id: str, expires_at: datetime, *, details: SessionDetails | None = None
    ) -> Awaitable[bool]:
        return self._call(self._storage.touch, session_id, expires_at, details=details)

    def rotate(
        self,
        session_id: str,
        new_id: str,
        *,
        expires_at: datetime | None = None,
        details: SessionDetails | None = None,
    ) -> Awaitable[bool]:
        return self._call(
            self._storage.rotate, session_id, new_id, expires_at=expires_at, details=details
        )

    def load_former(
        self, session_ids: Sequence[str], since: datetime
    ) -> Awaitable[dict[str, StoredSession]]:
        return self._call(self._storage.load_former, session_ids, since)

    def delete(self, session_id: str) -> Awaitable[None]:
        return self._call(self._storage.delete, session_id)

    def discard(self, session: StoredSession, session_id: str | None = None) -> Awaitable[None]:
        return self._call(self._storage.discard, session, session_id)

    def delete_all(self) -> Awaitable[int]:
        return self._call(self._storage.delete_all)

    def delete_expired(self) -> Awaitable[int]:
        return self._call(self._storage.delete_expired)

    def list_owned(self, owner: str, *, limit: int = 100) -> Awaitable[list[SessionInfo]]:
        return self._call(self._storage.list_owned, owner, limit=limit)

    def end_owned(self, owner: str, *, only: Any = None, but: Any = None) -> Awaitable[int]:
        return self._call(self._storage.end_owned, owner, only=only, but=but)

    def end_oldest(self, owner: str, most: int) -> Awaitable[int]:
        return self._call(self._storage.end_oldest, owner, most)

    def create_table(self) -> Awaitable[None]:
        return self._call(self._storage.create_table)

    def check_table(self) -> Awaitable[None]:
        return self._call(self._storage.check_table)
