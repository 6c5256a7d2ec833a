"""Engines that may be to a node of a Galera cluster, in each way that one comes to be."""

from __future__ import annotations

from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import URL, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    AsyncSessionStorage,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)
from litestar_sessions._drivers.urls import is_async_url
from litestar_sessions._requests.threaded import in_place, in_threads
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock

AnyEngine: TypeAlias = Any
Opener: TypeAlias = "Callable[..., AbstractAsyncContextManager[AnyEngine]]"


@asynccontextmanager
async def opened_by_url(url: URL, **options: Any) -> AsyncIterator[AnyEngine]:
    """Lend an engine of ours."""
    kind: Any = SQLAlchemyAsyncConfig if is_async_url(url) else SQLAlchemySyncConfig
    engine = kind(url, **options).get_engine()
    yield engine
    await close(engine)


@asynccontextmanager
async def opened_beside(url: URL, **options: Any) -> AsyncIterator[AnyEngine]:
    """Lend an engine that sessions have beside that of the application."""
    kind: Any = SQLAlchemyAsyncConfig if is_async_url(url) else SQLAlchemySyncConfig
    theirs = (create_async_engine if is_async_url(url) else create_engine)(url)
    engine = SessionPlugin(kind(engine_instance=theirs, **options)).config.engine
    assert engine is not theirs
    yield engine
    await close(engine)


OPENERS: tuple[Opener, ...] = (opened_by_url, opened_beside)


def storage_on(engine: AnyEngine, clock: Clock) -> SessionStorage:
    """Return a storage of the half that the engine belongs to."""
    if hasattr(engine, "sync_engine"):
        return in_place(AsyncSessionStorage(engine, UserSession, clock=clock), engine)
    return in_threads(SyncSessionStorage(engine, UserSession, clock=clock), engine)


async def ask(engine: AnyEngine, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of the answer, if it has any."""
    if hasattr(engine, "sync_engine"):
        async with engine.connect() as connection:
            return _rows(await connection.execute(text(statement)))
    with engine.connect() as connection:
        return _rows(connection.execute(text(statement)))


def _rows(result: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in result] if result.returns_rows else []


async def close(engine: AnyEngine) -> None:
    """Close the connections of an engine, which opens new ones when it is used again."""
    disposing = engine.dispose()
    if isawaitable(disposing):
        await disposing
