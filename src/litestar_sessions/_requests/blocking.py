"""A storage whose verbs block: the other half of what requests ask, before it is awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.records import StoredSession

__all__ = ("BlockingStorage",)


class BlockingStorage(Protocol):
    """A storage whose verbs return when they are done: the twin of `SessionStorage`."""

    def load(self, session_id: str) -> StoredSession | None: ...

    def load_many(self, session_ids: Sequence[str]) -> dict[str, StoredSession]: ...

    def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None: ...

    def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> StoredSession | None: ...

    def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> StoredSession: ...

    def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> None: ...

    def update(  # noqa: PLR0913 - as in the storage
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime | None,
        *,
        expected: bytes | StoredSession | None = None,
        new_id: str | None = None,
        details: SessionDetails | None = None,
    ) -> bool: ...

    def touch(
        self, session_id: str, expires_at: datetime, *, details: SessionDetails | None = None
    ) -> bool: ...

    def rotate(
        self,
        session_id: str,
        new_id: str,
        *,
        expires_at: datetime | None = None,
        details: SessionDetails | None = None,
    ) -> bool: ...

    def load_former(
        self, session_ids: Sequence[str], since: datetime
    ) -> dict[str, StoredSession]: ...

    def delete(self, session_id: str) -> None: ...

    def discard(self, session: StoredSession, session_id: str | None = None) -> None: ...

    def delete_all(self) -> int: ...

    def delete_expired(self) -> int: ...

    def list_owned(self, owner: str, *, limit: int = 100) -> list[SessionInfo]: ...

    def end_owned(self, owner: str, *, only: Any = None, but: Any = None) -> int: ...

    def end_oldest(self, owner: str, most: int) -> int: ...

    def create_table(self) -> None: ...

    def check_table(self) -> None: ...
