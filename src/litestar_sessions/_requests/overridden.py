"""A storage by way of the methods of a backend, for classes that override one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from litestar_sessions._requests.errands import errand_of
from litestar_sessions._requests.errors import SessionConflictError
from litestar_sessions._requests.methods import BackendMethods, MethodCalls
from litestar_sessions._requests.rows import KnownRows
from litestar_sessions._requests.wrapping import WrappedStorage
from litestar_sessions._sql.records import StoredSession
from litestar_sessions.exceptions import SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from litestar.stores.base import Store

    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("OverriddenStorage",)


class OverriddenStorage(WrappedStorage):
    """The session of one connection, each verb by way of a method of the backend.

    What an override calls with ``super()``, or of the store that it is given, is the verb of the
    storage, with all that it promises. So the row stays the one truth, whatever an override makes
    of the data: created once, changed only if it is what was loaded, and what has ended stays so.

    Args:
        backend: Whose methods are called.
        storage: Where the sessions are.
        store: What the methods get as ``store``, which is a part of Litestar's interface.
    """

    def __init__(self, backend: BackendMethods, storage: SessionStorage, store: Store) -> None:
        super().__init__(storage)
        self._backend = backend
        self._calls = MethodCalls(backend, store)
        self._known = KnownRows()

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await verb(*args, **kwargs)

    async def load(self, session_id: str) -> StoredSession | None:
        if errand_of(self._backend, "get", session_id) is not None:
            return await self._storage.load(session_id)  # the override asks its store
        self._known.last_id = session_id
        self._known.rows.pop(session_id, None)

        async def look(row_id: str) -> bytes | None:
            self._known.row_ids[session_id] = row_id
            if (row := await self._storage.load(row_id)) is None:
                return None
            self._known.rows[session_id] = row
            return row.data

        data = await self._calls.get(session_id, look)
        row = self._known.rows.get(session_id)
        return None if data is None or row is None else replace(row, data=data)

    async def load_many(self, session_ids: Sequence[str]) -> dict[str, StoredSession]:
        found = {session_id: await self.load(session_id) for session_id in session_ids}
        return {session_id: session for session_id, session in found.items() if session}

    async def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        session = await self.load(session_id)
        is_live = session is not None and await self.touch(session_id, expires_at)
        return session if is_live else None

    async def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> StoredSession | None:
        session_id = self._known.id_of(session) if session_id is None else session_id
        row = self._known.rows.get(session_id, session)
        found = await self.load(session_id)
        if found is not None:
            return found
        moved = await self._storage.reload(row, self._known.row_id_of(session_id))
        return None if moved is None or moved.key == row.key else moved

    async def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> StoredSession:
        async def create(row_id: str, sealed: bytes) -> None:
            self._known.row_ids[session_id] = row_id
            try:
                self._known.rows[session_id] = await self._storage.create(
                    row_id, sealed, expires_at, details=details
                )
            except SessionExistsError as error:
                self._calls.refuse_known_id(error)
                raise

        self._calls.check_id(session_id)
        self._known.last_id = session_id
        await self._calls.set(session_id, data, create)
        return replace(self._known.rows[session_id], data=data)

    async def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> None:
        async def save(row_id: str, sealed: bytes) -> None:
            await self._storage.save(row_id, sealed, expires_at, details=details)

        errand = errand_of(self._backend, "set", session_id)
        if errand is not None:
            await errand.do(session_id, data)  # the override tells its store
        else:
            await self._calls.set(session_id, data, save)

    async def update(  # noqa: PLR0913 - as in the storage
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime | None,
        *,
        expected: bytes | StoredSession | None = None,
        new_id: str | None = None,
        details: SessionDetails | None = None,
    ) -> bool:
        async def change(row_id: str, sealed: bytes) -> None:
            change = StoredSession(sealed, expires_at, details=details)  # type: ignore[arg-type]  # as it is
            await self._change(session_id, row_id, change, is_any=expected is None)

        if new_id is not None:
            self._calls.check_id(new_id)
        try:
            await self._calls.set(session_id if new_id is None else new_id, data, change)
        except SessionConflictError:
            return False
        if new_id is not None:
            self._known.rename(session_id, new_id)
            await self._calls.forget(session_id)
        return True

    async def _change(
        self, session_id: str, row_id: str, change: StoredSession, *, is_any: bool
    ) -> None:
        row = self._known.rows.get(session_id, change)
        former_id = self._known.row_id_of(session_id)
        if not await self._storage.update(
            former_id,
            change.data,
            change.expires_at,
            expected=None if is_any or row is change else row,
            new_id=None if row_id == former_id else row_id,
            details=change.details,
        ):
            raise SessionConflictError
        self._known.note_change(session_id, row_id, row, change)

    async def touch(
        self, session_id: str, expires_at: datetime, *, details: SessionDetails | None = None
    ) -> bool:
        row_id = self._known.row_id_of(session_id)
        return await self._storage.touch(row_id, expires_at, details=details)

    async def load_former(self, *_: object) -> dict[str, StoredSession]:
        return {}  # overrides may seal the data, and have IDs of their own

    async def delete(self, session_id: str) -> None:
        if errand_of(self._backend, "delete", session_id) is not None:
            await self._storage.delete(session_id)  # the override tells its store
        else:
            await self._calls.delete(session_id, self._storage.delete)

    async def discard(self, session: StoredSession, session_id: str | None = None) -> None:
        known_id = self._known.id_of(session) if session_id is None else session_id

        async def discard(_row_id: str) -> None:
            await self._storage.discard(session, self._known.row_id_of(known_id))

        await self._calls.delete(known_id, discard)

    async def delete_all(self) -> int:
        async def delete_all(_no_id: str) -> int:
            return await self._storage.delete_all()

        if errand_of(self._backend, "delete_all", "") is not None:
            return await self._storage.delete_all()  # the override tells its store
        return await self._calls.delete_all(delete_all)
