"""Applications that differ in nothing but who keeps their sessions."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.memory import MemoryStore
from litestar.stores.redis import RedisStore

from benchmarks.handlers import handlers, plain_handlers
from benchmarks.lean import LeanSessions
from benchmarks.storages import floor, their_backend
from benchmarks.tables import model_here
from litestar_sessions import (
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from litestar.stores.base import Store

    from benchmarks.places import Load, Place

__all__ = ("APPS", "LEAN", "MEMORY", "OURS", "PLAIN", "REDIS", "THEIRS", "Where", "opened")

PLAIN, LEAN, OURS, THEIRS = "no sessions", "driver alone", "litestar-sessions", "Advanced Alchemy"
MEMORY, REDIS = "MemoryStore", "RedisStore"


@dataclass(frozen=True)
class Where:
    """Where an application keeps its sessions, and how many."""

    place: Place
    load: Load
    redis_port: int = 0


@asynccontextmanager
async def opened(name: str, where: Where) -> AsyncIterator[Litestar]:
    """Lend an application that has started."""
    async with APPS[name](where) as app, app.lifespan():
        yield app


def _app(pages: list[Any], **options: Any) -> Litestar:
    return Litestar(pages, openapi_config=None, logging_config=None, **options)


@asynccontextmanager
async def _plain(_where: Where) -> AsyncIterator[Litestar]:
    yield _app(plain_handlers)


@asynccontextmanager
async def _lean(where: Where) -> AsyncIterator[Litestar]:
    async with floor(where.place, where.load) as alone:
        with ThreadPoolExecutor(where.load.concurrency) as threads:
            ask = _asker(alone, None if where.place.is_async else threads)
            yield _app(
                handlers(where.load.payload), middleware=[lambda app: LeanSessions(app, ask)]
            )


def _asker(alone: Any, threads: ThreadPoolExecutor | None) -> Callable[..., Awaitable[Any]]:
    async def call(verb: str, *arguments: Any) -> Any:
        return await getattr(alone, verb)(*arguments)

    async def call_in_thread(verb: str, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, getattr(alone, verb), *arguments)

    return call if threads is None else call_in_thread


@asynccontextmanager
async def _ours(where: Where) -> AsyncIterator[Litestar]:
    config_class = SQLAlchemyAsyncConfig if where.place.is_async else SQLAlchemySyncConfig
    config = SQLAlchemySessionConfig(
        alchemy_config=config_class(where.place.url),
        model=model_here(where.load.table),
    )
    yield _app(handlers(where.load.payload), plugins=[SessionPlugin(config)])


@asynccontextmanager
async def _theirs(where: Where) -> AsyncIterator[Litestar]:
    async with their_backend(where.place, where.load) as backend:
        middleware = DefineMiddleware(SessionMiddleware, backend=backend)
        yield _app(handlers(where.load.payload), middleware=[middleware])


@asynccontextmanager
async def _memory(where: Where) -> AsyncIterator[Litestar]:
    yield _with_store(where, MemoryStore())


@asynccontextmanager
async def _redis(where: Where) -> AsyncIterator[Litestar]:
    yield _with_store(where, RedisStore.with_client("redis://127.0.0.1", port=where.redis_port))


def _with_store(where: Where, store: Store) -> Litestar:
    middleware = ServerSideSessionConfig().middleware
    return _app(handlers(where.load.payload), middleware=[middleware], stores={"sessions": store})


APPS: Mapping[str, Callable[[Where], Any]] = {
    PLAIN: _plain,
    LEAN: _lean,
    OURS: _ours,
    THEIRS: _theirs,
    MEMORY: _memory,
    REDIS: _redis,
}
