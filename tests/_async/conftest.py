# The source of a generated twin: see CONTRIBUTING.md.
"""One storage for every database that this half reaches, on engines of both origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import AsyncSessionStorage, SaveBy, SQLAlchemyAsyncConfig
from litestar_sessions._sql.dialects import way_to_save
from tests.support.models import FullSession, UserSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock
    from tests.support.databases import Database


@pytest.fixture(params=["our engine", "their engine"])
async def engine(
    request: pytest.FixtureRequest, async_database: Database
) -> AsyncIterator[AsyncEngine]:
    """An engine as this package creates it, then one as an application may."""
    if request.param == "our engine":
        engine = SQLAlchemyAsyncConfig(async_database.url).get_engine()
    else:
        engine = create_async_engine(async_database.url)
    await AsyncSessionStorage(engine, UserSession).create_table()
    yield engine
    await engine.dispose()


@pytest.fixture
async def storage(engine: AsyncEngine, clock: Clock) -> AsyncSessionStorage:
    """An empty storage."""
    storage = AsyncSessionStorage(engine, UserSession, clock=clock)
    await storage.delete_all()
    return storage


@pytest.fixture(params=[SaveBy.UPSERT, SaveBy.LOOK_THEN_WRITE], ids=lambda way: way.value)
def way(request: pytest.FixtureRequest, engine: AsyncEngine) -> SaveBy:
    """Each way to save that these databases have."""
    way: SaveBy = request.param
    if way is SaveBy.UPSERT and way_to_save(engine.dialect) is not SaveBy.UPSERT:
        pytest.skip(f"{engine.dialect.name} has no upsert that others may run at the same time")
    return way


@pytest.fixture
async def saving(engine: AsyncEngine, clock: Clock, way: SaveBy) -> AsyncSessionStorage:
    """An empty storage for each way to save."""
    storage = AsyncSessionStorage(engine, UserSession, clock=clock, save_by=way)
    await storage.delete_all()
    return storage


@pytest.fixture
async def owning(engine: AsyncEngine, clock: Clock) -> AsyncSessionStorage:
    """An empty storage that keeps owners, and loads them."""
    storage = AsyncSessionStorage(engine, FullSession, clock=clock, details=["owner"])
    await storage.create_table()
    await storage.delete_all()
    return storage
