"""Engines that may be to a node of a Galera cluster, in each way that one comes to be."""

from __future__ import annotations

from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import URL, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import SessionPlugin, SQLAlchemyAsyncConfig, SQLAlchemySyncConfig
from litestar_sessions._drivers.engines import is_async_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

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


async def ask(engine: AnyEngine, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of the answer."""
    if not hasattr(engine, "sync_engine"):
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def close(engine: AnyEngine) -> None:
    """Close the connections of an engine, which opens new ones when it is used again."""
    disposing = engine.dispose()
    if isawaitable(disposing):
        await disposing
