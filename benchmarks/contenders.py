"""What is compared: each contender does the same work, on a table with the same rows."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from advanced_alchemy.extensions.litestar import SQLAlchemyAsyncConfig as TheirAsyncConfig
from advanced_alchemy.extensions.litestar import SQLAlchemySyncConfig as TheirSyncConfig
from advanced_alchemy.extensions.litestar.session import SessionModelMixin as TheirMixin
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemyAsyncSessionBackend as TheirAsyncBackend,
)
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemySyncSessionBackend as TheirSyncBackend,
)
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.memory import MemoryStore
from sqlalchemy import Engine, create_engine, insert

from benchmarks.floors import ASYNC_FLOORS, SYNC_FLOORS, TABLE
from litestar_sessions import (
    AsyncSessionStorage,
    SessionModelMixin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from sqlalchemy import URL

__all__ = ("FLOOR", "OURS", "THEIRS", "VERBS", "Load", "Timing", "contenders")

VERBS = ("load", "save", "create and delete")
FLOOR, OURS, THEIRS = "driver alone", "litestar-sessions", "Advanced Alchemy"

_SYNC = {
    "sqlite+aiosqlite": "sqlite+pysqlite",
    "postgresql+asyncpg": "postgresql+psycopg",
    "mysql+asyncmy": "mysql+pymysql",
}
_CHUNK = 1_000


class SessionHere(SessionModelMixin):
    __tablename__ = TABLE


class SessionThere(TheirMixin):
    __tablename__ = "sessions_there"


@dataclass(frozen=True)
class Load:
    """How much there is, and how much at a time."""

    rows: int
    payload: int
    concurrency: int

    @property
    def data(self) -> bytes:
        """The bytes of one session."""
        return b"x" * self.payload

    @property
    def ids(self) -> list[str]:
        """The IDs of all sessions, as long as Litestar's."""
        return [f"{number:064x}" for number in range(self.rows)]


@dataclass(frozen=True)
class Timing:
    """How long a number of operations took, in seconds."""

    count: int
    wall: float
    cpu: float


class AsyncContender:
    """Verbs to await, by as many tasks as the load asks for."""

    def __init__(self, load: Load, verbs: Mapping[str, Callable[[str], Awaitable[object]]]) -> None:
        self._load = load
        self._verbs = verbs

    async def run(self, verb: str, count: int) -> Timing:
        """Perform a verb so many times in each task."""
        perform, ids = self._verbs[verb], _shares(verb, self._load)

        async def work(mine: list[str]) -> None:
            for number in range(count):
                await perform(mine[number % len(mine)])

        wall, cpu = perf_counter(), process_time()
        await asyncio.gather(*map(work, ids))
        return Timing(count * len(ids), perf_counter() - wall, process_time() - cpu)


class SyncContender:
    """Verbs to call, in as many threads as the load asks for."""

    def __init__(self, load: Load, verbs: Mapping[str, Callable[[str], object]]) -> None:
        self._load = load
        self._verbs = verbs
        self._threads = ThreadPoolExecutor(load.concurrency)

    async def run(self, verb: str, count: int) -> Timing:
        """Perform a verb so many times in each thread."""
        perform, ids = self._verbs[verb], _shares(verb, self._load)

        def work(mine: list[str]) -> None:
            for number in range(count):
                perform(mine[number % len(mine)])

        wall, cpu = perf_counter(), process_time()
        list(self._threads.map(work, ids))
        return Timing(count * len(ids), perf_counter() - wall, process_time() - cpu)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _shares(verb: str, load: Load) -> list[list[str]]:
    """Return the IDs for each task or thread: what is created must not be there."""
    if verb == "create and delete":
        return [[f"{number:063x}n"] for number in range(load.concurrency)]
    ids = load.ids
    return [ids[first :: load.concurrency] for first in range(load.concurrency)]


@asynccontextmanager
async def contenders(url: URL, load: Load, *, is_async: bool) -> AsyncIterator[dict[str, Any]]:
    """Lend every contender for a driver, on tables that are filled."""
    _fill(url.set(drivername=_SYNC.get(url.drivername, url.drivername)), load)
    open_all = (_floor, _ours, _theirs) if is_async else (_sync_floor, _sync_ours, _sync_theirs)
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(open_one(url, load)) for open_one in open_all]
        yield dict(zip((FLOOR, OURS, THEIRS), opened, strict=True))


def _fill(url: URL, load: Load) -> None:
    engine = create_engine(url)
    later = datetime.now(timezone.utc) + timedelta(days=1)
    for table in (SessionHere.__table__, SessionThere.__table__):
        table.drop(engine, checkfirst=True)  # type: ignore[attr-defined]  # it is a Table
        table.create(engine)  # type: ignore[attr-defined]  # it is a Table
        rows = [
            {"id": uuid4(), "session_id": id_, "data": load.data, "expires_at": later}
            for id_ in load.ids
        ]
        with engine.begin() as connection:
            for first in range(0, len(rows), _CHUNK):
                connection.execute(insert(table), rows[first : first + _CHUNK])  # type: ignore[arg-type]  # it is a Table
    engine.dispose()


@asynccontextmanager
async def _floor(url: URL, load: Load) -> AsyncIterator[AsyncContender]:
    floor = ASYNC_FLOORS[url.drivername](url, load.data)
    await floor.open(load.concurrency)
    verbs = (floor.load, floor.save, floor.create_and_delete)
    yield AsyncContender(load, dict(zip(VERBS, verbs, strict=True)))
    await floor.close()


@asynccontextmanager
async def _sync_floor(url: URL, load: Load) -> AsyncIterator[SyncContender]:
    floor = SYNC_FLOORS[url.drivername](url, load.data)
    floor.open(load.concurrency)
    verbs = (floor.load, floor.save, floor.create_and_delete)
    contender = SyncContender(load, dict(zip(VERBS, verbs, strict=True)))
    yield contender
    contender.close()
    floor.close()


@asynccontextmanager
async def _ours(url: URL, load: Load) -> AsyncIterator[AsyncContender]:
    engine = SQLAlchemyAsyncConfig(url, **_pool(load)).get_engine()
    storage, data = AsyncSessionStorage(engine, SessionHere), load.data

    async def save(session_id: str) -> None:
        await storage.save(session_id, data, _later())

    async def create_and_delete(session_id: str) -> None:
        await storage.create(session_id, data, _later())
        await storage.delete(session_id)

    verbs = (storage.load, save, create_and_delete)
    yield AsyncContender(load, dict(zip(VERBS, verbs, strict=True)))
    await engine.dispose()


@asynccontextmanager
async def _sync_ours(url: URL, load: Load) -> AsyncIterator[SyncContender]:
    engine = SQLAlchemySyncConfig(url, **_pool(load)).get_engine()
    storage, data = SyncSessionStorage(engine, SessionHere), load.data

    def save(session_id: str) -> None:
        storage.save(session_id, data, _later())

    def create_and_delete(session_id: str) -> None:
        storage.create(session_id, data, _later())
        storage.delete(session_id)

    verbs = (storage.load, save, create_and_delete)
    contender = SyncContender(load, dict(zip(VERBS, verbs, strict=True)))
    yield contender
    contender.close()
    engine.dispose()


@asynccontextmanager
async def _theirs(url: URL, load: Load) -> AsyncIterator[AsyncContender]:
    text = url.render_as_string(hide_password=False)
    alchemy = TheirAsyncConfig(connection_string=text)
    alchemy.engine_config.pool_size = load.concurrency
    backend = TheirAsyncBackend(ServerSideSessionConfig(), alchemy, SessionThere)
    yield AsyncContender(load, _verbs_of(backend, load.data))
    await alchemy.get_engine().dispose()


@asynccontextmanager
async def _sync_theirs(url: URL, load: Load) -> AsyncIterator[AsyncContender]:
    text = url.render_as_string(hide_password=False)
    alchemy = TheirSyncConfig(connection_string=text)
    alchemy.engine_config.pool_size = load.concurrency
    backend = TheirSyncBackend(ServerSideSessionConfig(), alchemy, SessionThere)
    yield AsyncContender(load, _verbs_of(backend, load.data))
    engine = alchemy.get_engine()
    assert isinstance(engine, Engine)  # noqa: S101 - for the type checker
    engine.dispose()


def _verbs_of(
    backend: TheirAsyncBackend | TheirSyncBackend, data: bytes
) -> dict[str, Callable[[str], Awaitable[object]]]:
    store = MemoryStore()  # an argument that is not used

    async def load(session_id: str) -> object:
        return await backend.get(session_id, store)

    async def save(session_id: str) -> None:
        await backend.set(session_id, data, store)

    async def create_and_delete(session_id: str) -> None:
        await backend.set(session_id, data, store)
        await backend.delete(session_id, store)

    return dict(zip(VERBS, (load, save, create_and_delete), strict=True))


def _pool(load: Load) -> dict[str, Any]:
    return {"pool_size": load.concurrency, "max_overflow": 0}


def _later() -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=1)
