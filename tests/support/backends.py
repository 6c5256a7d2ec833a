"""Backends of both kinds over a database, for tests that treat them alike."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from litestar.middleware.session.server_side import ServerSideSessionConfig

from litestar_sessions import (
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
)
from litestar_sessions._drivers.closing import close_engines
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL

Backend: TypeAlias = SQLAlchemyAsyncSessionBackend | SQLAlchemySyncSessionBackend


def make_backend(
    url: URL | str, *, is_async: bool, create_all: bool = True, **settings: Any
) -> Backend:
    """Return a backend on an engine of its own; `settings` are those of Litestar's config."""
    clock = {"clock": settings.pop("clock")} if "clock" in settings else {}
    config = ServerSideSessionConfig(**settings)
    if is_async:
        engine_config = SQLAlchemyAsyncConfig(url, create_all=create_all)
        return SQLAlchemyAsyncSessionBackend(config, engine_config, UserSession, **clock)
    sync_config = SQLAlchemySyncConfig(url, create_all=create_all)
    return SQLAlchemySyncSessionBackend(config, sync_config, UserSession, **clock)


async def dispose(backend: Backend) -> None:
    """Close the connections of the backend's engine."""
    await close_engines(backend.alchemy.get_engine())


@asynccontextmanager
async def empty_backend(
    url: URL | str, *, is_async: bool, **settings: Any
) -> AsyncIterator[Backend]:
    """Lend a backend without sessions."""
    backend = make_backend(url, is_async=is_async, **settings)
    await backend.delete_all()
    yield backend
    await dispose(backend)
