# Generated from tests/_async/conftest.py (make generate): edit that, not this.
"""One storage for every database that this half reaches, on engines of both origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from litestar_sessions import SyncSessionStorage, SaveBy, SQLAlchemySyncConfig
from litestar_sessions._sql.dialects import way_to_save
from tests.support.models import FullSession, UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.support.clock import Clock
    from tests.support.databases import Database


@pytest.fixture(params=["our engine", "their engine"])
def engine(
    request: pytest.FixtureRequest, sync_database: Database
) -> Iterator[Engine]:
    """An engine as this package creates it, then one as an application may."""
    if request.param == "our engine":
        engine = SQLAlchemySyncConfig(sync_database.url).get_engine()
    else:
        engine = create_engine(sync_database.url)
    SyncSessionStorage(engine, UserSession).create_table()
    yield engine
    engine.dispose()


@pytest.fixture
def storage(engine: Engine, clock: Clock) -> SyncSessionStorage:
    """An empty storage."""
    storage = SyncSessionStorage(engine, UserSession, clock=clock)
    storage.delete_all()
    return storage


@pytest.fixture(params=[SaveBy.UPSERT, SaveBy.LOOK_THEN_WRITE], ids=lambda way: way.value)
def way(request: pytest.FixtureRequest, engine: Engine) -> SaveBy:
    """Each way to save that these databases have."""
    way: SaveBy = request.param
    if way is SaveBy.UPSERT and way_to_save(engine.dialect) is not SaveBy.UPSERT:
        pytest.skip(f"{engine.dialect.name} has no upsert that others may run at the same time")
    return way


@pytest.fixture
def saving(engine: Engine, clock: Clock, way: SaveBy) -> SyncSessionStorage:
    """An empty storage for each way to save."""
    storage = SyncSessionStorage(engine, UserSession, clock=clock, save_by=way)
    storage.delete_all()
    return storage


@pytest.fixture
def owning(engine: Engine, clock: Clock) -> SyncSessionStorage:
    """An empty storage that keeps owners, and loads them."""
    storage = SyncSessionStorage(engine, FullSession, clock=clock, details=["owner"])
    storage.create_table()
    storage.delete_all()
    return storage
