"""What keeps sessions: the driver alone, this package, and Advanced Alchemy, with the same verbs.

Each has ``load``, ``save``, ``create`` and ``delete``; those of sync ones are to be called in a
thread, but for Advanced Alchemy's, which has threads of its own.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from advanced_alchemy.extensions.litestar import SQLAlchemyAsyncConfig as TheirAsyncConfig
from advanced_alchemy.extensions.litestar import SQLAlchemySyncConfig as TheirSyncConfig
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemyAsyncSessionBackend as TheirAsyncBackend,
)
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemySyncSessionBackend as TheirSyncBackend,
)
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.memory import MemoryStore
from sqlalchemy import Engine

from benchmarks.floors import ASYNC_FLOORS, SYNC_FLOORS
from benchmarks.tables import model_here, model_there
from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.places import Load, Place

__all__ = ("Ours", "SyncOurs", "Theirs", "floor", "ours", "pool", "their_backend", "theirs")


class Ours:
    """An async storage of this package."""

    def __init__(self, storage: AsyncSessionStorage) -> None:
        self._storage = storage
        self.load = storage.load
        self.delete = storage.delete

    async def save(self, session_id: str, data: bytes) -> None:
        await self._storage.save(session_id, data, _later())

    async def create(self, session_id: str, data: bytes) -> None:
        await self._storage.create(session_id, data, _later())


class SyncOurs:
    """A sync storage of this package."""

    def __init__(self, storage: SyncSessionStorage) -> None:
        self._storage = storage
        self.load = storage.load
        self.delete = storage.delete

    def save(self, session_id: str, data: bytes) -> None:
        self._storage.save(session_id, data, _later())

    def create(self, session_id: str, data: bytes) -> None:
        self._storage.create(session_id, data, _later())


class Theirs:
    """A backend of Advanced Alchemy, async or sync."""

    def __init__(self, backend: TheirAsyncBackend | TheirSyncBackend) -> None:
        self._backend = backend
        self._store = MemoryStore()  # an argument that is not used

    async def load(self, session_id: str) -> object:
        return await self._backend.get(session_id, self._store)

    async def save(self, session_id: str, data: bytes) -> None:
        await self._backend.set(session_id, data, self._store)

    create = save

    async def delete(self, session_id: str) -> None:
        await self._backend.delete(session_id, self._store)


@asynccontextmanager
async def floor(place: Place, load: Load) -> AsyncIterator[Any]:
    """Lend the driver alone."""
    if place.is_async:
        async_floor = ASYNC_FLOORS[place.url.drivername](place.url, load.table)
        await async_floor.open(load.concurrency)
        yield async_floor
        await async_floor.close()
    else:
        sync_floor = SYNC_FLOORS[place.url.drivername](place.url, load.table)
        sync_floor.open(load.concurrency)
        yield sync_floor
        sync_floor.close()


@asynccontextmanager
async def ours(place: Place, load: Load) -> AsyncIterator[Ours | SyncOurs]:
    """Lend the storage of this package that suits the driver."""
    model = model_here(load.table)
    if place.is_async:
        async_engine = SQLAlchemyAsyncConfig(place.url, **pool(load)).get_engine()
        yield Ours(AsyncSessionStorage(async_engine, model))
        await async_engine.dispose()
    else:
        sync_engine = SQLAlchemySyncConfig(place.url, **pool(load)).get_engine()
        yield SyncOurs(SyncSessionStorage(sync_engine, model))
        sync_engine.dispose()


@asynccontextmanager
async def theirs(place: Place, load: Load) -> AsyncIterator[Theirs]:
    """Lend Advanced Alchemy's backend that suits the driver."""
    async with their_backend(place, load) as backend:
        yield Theirs(backend)


@asynccontextmanager
async def their_backend(
    place: Place, load: Load
) -> AsyncIterator[TheirAsyncBackend | TheirSyncBackend]:
    """Lend Advanced Alchemy's backend, with as many connections as there are tasks."""
    text = place.url.render_as_string(hide_password=False)
    config, model = ServerSideSessionConfig(), model_there(load.their_table)
    if place.is_async:
        alchemy = TheirAsyncConfig(connection_string=text)
        alchemy.engine_config.pool_size = load.concurrency
        yield TheirAsyncBackend(config, alchemy, model)
        await alchemy.get_engine().dispose()
    else:
        sync_alchemy = TheirSyncConfig(connection_string=text)
        sync_alchemy.engine_config.pool_size = load.concurrency
        yield TheirSyncBackend(config, sync_alchemy, model)
        engine = sync_alchemy.get_engine()
        assert isinstance(engine, Engine)
        engine.dispose()


def pool(load: Load) -> dict[str, Any]:
    """Return the engine options for a connection for each task."""
    return {"pool_size": load.concurrency, "max_overflow": 0}


def _later() -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=1)
