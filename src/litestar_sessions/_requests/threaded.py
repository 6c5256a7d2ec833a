"""How a backend awaits a storage of either half: as it is, or in worker threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._drivers.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._requests.blocking import BlockingStorage
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.records import StoredSession

__all__ = ("in_place", "in_threads")


def in_place(storage: SessionStorage, _engine: AsyncEngine) -> SessionStorage:
    """Return the storage itself: its verbs are awaited as they are."""
    return storage


def in_threads(storage: BlockingStorage, engine: Engine) -> SessionStorage:
    """Return the storage with verbs that are awaited while a worker thread runs them."""
    return _ThreadedStorage(storage, engine)


class _ThreadedStorage:
    # Types have no way to say "the same, but awaited", so each verb is written out.

    def __init__(self, storage: BlockingStorage, engine: Engine) -> None:
        self._storage = storage
        self._engine = engine

    def load(self, session_id: str) -> Awaitable[StoredSession | None]:
        return run_in_thread(self._engine, self._storage.load, session_id)

    def load_many(self, session_ids: Sequence[str]) -> Awaitable[dict[str, StoredSession]]:
        return run_in_thread(self._engine, self._storage.load_many, session_ids)

    def load_and_touch(
        self, session_id: str, expires_at: datetime
    ) -> Awaitable[StoredSession | None]:
        return run_in_thread(self._engine, self._storage.load_and_touch, session_id, expires_at)

    def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> Awaitable[StoredSession | None]:
        return run_in_thread(self._engine, self._storage.reload, session, session_id)

    def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> Awaitable[StoredSession]:
        return run_in_thread(
            self._engine, self._storage.create, session_id, data, expires_at, details=details
        )

    def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> Awaitable[None]:
        return run_in_thread(
            self._engine, self._storage.save, session_id, data, expires_at, details=details
        )

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
        return run_in_thread(
            self._engine,
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
        return run_in_thread(
            self._engine, self._storage.touch, session_id, expires_at, details=details
        )

    def rotate(
        self,
        session_id: str,
        new_id: str,
        *,
        expires_at: datetime | None = None,
        details: SessionDetails | None = None,
    ) -> Awaitable[bool]:
        return run_in_thread(
            self._engine,
            self._storage.rotate,
            session_id,
            new_id,
            expires_at=expires_at,
            details=details,
        )

    def load_former(
        self, session_ids: Sequence[str], since: datetime
    ) -> Awaitable[dict[str, StoredSession]]:
        return run_in_thread(self._engine, self._storage.load_former, session_ids, since)

    def delete(self, session_id: str) -> Awaitable[None]:
        return run_in_thread(self._engine, self._storage.delete, session_id)

    def discard(self, session: StoredSession, session_id: str | None = None) -> Awaitable[None]:
        return run_in_thread(self._engine, self._storage.discard, session, session_id)

    def delete_all(self) -> Awaitable[int]:
        return run_in_thread(self._engine, self._storage.delete_all)

    def delete_expired(self) -> Awaitable[int]:
        return run_in_thread(self._engine, self._storage.delete_expired)

    def list_owned(self, owner: str, *, limit: int = 100) -> Awaitable[list[SessionInfo]]:
        return run_in_thread(self._engine, self._storage.list_owned, owner, limit=limit)

    def end_owned(self, owner: str, *, only: Any = None, but: Any = None) -> Awaitable[int]:
        return run_in_thread(self._engine, self._storage.end_owned, owner, only=only, but=but)

    def end_oldest(self, owner: str, most: int) -> Awaitable[int]:
        return run_in_thread(self._engine, self._storage.end_oldest, owner, most)

    def create_table(self) -> Awaitable[None]:
        return run_in_thread(self._engine, self._storage.create_table)

    def check_table(self) -> Awaitable[None]:
        return run_in_thread(self._engine, self._storage.check_table)
