"""What requests ask of a storage, verb by verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from datetime import datetime

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.records import StoredSession

__all__ = ("SessionStorage",)


class SessionStorage(Protocol):
    """A storage whose verbs are awaited; what each promises is said by `AsyncSessionStorage`."""

    def load(self, session_id: str) -> Awaitable[StoredSession | None]: ...

    def load_many(self, session_ids: Sequence[str]) -> Awaitable[dict[str, StoredSession]]: ...

    def load_and_touch(
        self, session_id: str, expires_at: datetime
    ) -> Awaitable[StoredSession | None]: ...

    def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> Awaitable[StoredSession | None]: ...

    def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> Awaitable[StoredSession]: ...

    def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> Awaitable[None]: ...

    def update(  # noqa: PLR0913 - as in the storage
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime | None,
        *,
        expected: bytes | StoredSession | None = None,
        new_id: str | None = None,
        details: SessionDetails | None = None,
    ) -> Awaitable[bool]: ...

    def touch(
        self, session_id: str, expires_at: datetime, *, details: SessionDetails | None = None
    ) -> Awaitable[bool]: ...

    def rotate(
        self,
        session_id: str,
        new_id: str,
        *,
        expires_at: datetime | None = None,
        details: SessionDetails | None = None,
    ) -> Awaitable[bool]: ...

    def load_former(
        self, session_ids: Sequence[str], since: datetime
    ) -> Awaitable[dict[str, StoredSession]]: ...

    def delete(self, session_id: str) -> Awaitable[None]: ...

    def discard(self, session: StoredSession, session_id: str | None = None) -> Awaitable[None]: ...

    def delete_all(self) -> Awaitable[int]: ...

    def delete_expired(self) -> Awaitable[int]: ...

    def list_owned(self, owner: str, *, limit: int = 100) -> Awaitable[list[SessionInfo]]: ...

    def end_owned(self, owner: str, *, only: Any = None, but: Any = None) -> Awaitable[int]: ...

    def end_oldest(self, owner: str, most: int) -> Awaitable[int]: ...

    def create_table(self) -> Awaitable[None]: ...

    def check_table(self) -> Awaitable[None]: ...
