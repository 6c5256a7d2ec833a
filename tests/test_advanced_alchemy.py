"""Advanced Alchemy's configs, models, tables and rows work in place of ours, and the reverse."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from advanced_alchemy.extensions.litestar import SQLAlchemyAsyncConfig as TheirAsyncConfig
from advanced_alchemy.extensions.litestar import SQLAlchemySyncConfig as TheirSyncConfig
from advanced_alchemy.extensions.litestar.session import (
    SessionModelMixin as TheirSessionModelMixin,
)
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemyAsyncSessionBackend as TheirAsyncBackend,
)
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemySyncSessionBackend as TheirSyncBackend,
)
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.memory import MemoryStore
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase

from litestar_sessions import (
    SessionModelMixin,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySyncSessionBackend,
    StoredSession,
    SyncSessionStorage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.databases import Database

AnyConfig: TypeAlias = TheirAsyncConfig | TheirSyncConfig
STORE = MemoryStore()
CONFIG = ServerSideSessionConfig()
IDS = ("4f1c" * 16, "another")


class TheirSession(TheirSessionModelMixin):
    __tablename__ = "shared_sessions"


class OurBase(DeclarativeBase):
    pass


class OurSession(SessionModelMixin, OurBase):
    __tablename__ = "shared_sessions"


class MovedSession(SessionModelMixin, OurBase):
    __tablename__ = "session"


@pytest.fixture
async def alchemy(any_database: tuple[bool, Database]) -> AsyncIterator[AnyConfig]:
    """Their config, for every driver of both halves; there is no table yet."""
    is_async, database = any_database
    url = database.url.render_as_string(hide_password=False)
    config = (
        TheirAsyncConfig(connection_string=url)
        if is_async
        else TheirSyncConfig(connection_string=url)
    )
    await on_metadata(config, OurBase.metadata.drop_all)
    yield config
    await on_metadata(config, OurBase.metadata.drop_all)
    engine = config.get_engine()
    if isinstance(engine, AsyncEngine):
        await engine.dispose()
    else:
        engine.dispose()


async def on_metadata(config: AnyConfig, function: Callable[[Any], None]) -> None:
    engine = config.get_engine()
    if isinstance(engine, AsyncEngine):
        async with engine.begin() as connection:
            await connection.run_sync(function)
    else:
        with engine.begin() as connection:
            function(connection)


def their_backend(config: AnyConfig, model: type[Any] = TheirSession) -> Any:
    if isinstance(config, TheirAsyncConfig):
        return TheirAsyncBackend(CONFIG, config, model)
    return TheirSyncBackend(CONFIG, config, model)


def our_backend(config: AnyConfig, model: type[Any]) -> Any:
    if isinstance(config, TheirAsyncConfig):
        return SQLAlchemyAsyncSessionBackend(CONFIG, config, model)
    return SQLAlchemySyncSessionBackend(CONFIG, config, model)


@pytest.mark.parametrize("model", [TheirSession, OurSession])
async def test_we_work_on_their_table_and_their_rows(alchemy: AnyConfig, model: type[Any]) -> None:
    await on_metadata(alchemy, TheirSession.metadata.tables["shared_sessions"].create)
    theirs, ours = their_backend(alchemy), our_backend(alchemy, model)
    for session_id in IDS:
        await theirs.set(session_id, b"theirs", STORE)
    assert [await ours.get(session_id, STORE) for session_id in IDS] == [b"theirs"] * 2
    await ours.set(IDS[0], b"ours", STORE)
    await ours.set("new", b"ours", STORE)
    assert await theirs.get(IDS[0], STORE) == b"ours"
    assert await theirs.get("new", STORE) == b"ours"
    assert await ours.delete_expired() == 0
    await ours.delete(IDS[1], STORE)
    assert await theirs.get(IDS[1], STORE) is None


async def test_they_work_on_our_table_and_our_rows(alchemy: AnyConfig) -> None:
    # With our model: theirs selects a column of its own, sa_orm_sentinel.
    await on_metadata(alchemy, OurBase.metadata.create_all)
    theirs, ours = their_backend(alchemy, OurSession), our_backend(alchemy, OurSession)
    for session_id in IDS:
        await ours.set(session_id, b"ours", STORE)
    assert [await theirs.get(session_id, STORE) for session_id in IDS] == [b"ours"] * 2
    await theirs.set(IDS[0], b"theirs", STORE)
    await theirs.set("new", b"theirs", STORE)
    assert await ours.get(IDS[0], STORE) == b"theirs"
    assert await ours.get("new", STORE) == b"theirs"
    await theirs.delete(IDS[1], STORE)
    assert await ours.get(IDS[1], STORE) is None
    assert await theirs.get("unknown", STORE) is None


async def test_their_model_works_on_our_table_with_one_more_column(alchemy: AnyConfig) -> None:
    await on_metadata(alchemy, OurBase.metadata.create_all)
    column = text("ALTER TABLE shared_sessions ADD sa_orm_sentinel INTEGER NULL")
    await on_metadata(alchemy, lambda connection: connection.execute(column))
    theirs, ours = their_backend(alchemy), our_backend(alchemy, OurSession)
    await ours.set(IDS[0], b"ours", STORE)
    assert await theirs.get(IDS[0], STORE) == b"ours"
    await theirs.set(IDS[0], b"theirs", STORE)
    assert await ours.get(IDS[0], STORE) == b"theirs"


async def test_what_expires_for_us_on_their_table_expires_for_them(alchemy: AnyConfig) -> None:
    await on_metadata(alchemy, TheirSession.metadata.tables["shared_sessions"].create)
    ours = our_backend(alchemy, TheirSession)
    ours.clock = lambda: datetime.now(timezone.utc) - timedelta(days=15)
    await ours.set("expired", b"data", STORE)
    await their_backend(alchemy).set("live", b"data", STORE)
    fresh = our_backend(alchemy, OurSession)
    assert await fresh.get("expired", STORE) is None
    assert await fresh.delete_expired() == 1
    assert await fresh.get("live", STORE) == b"data"


def test_the_documented_change_makes_their_table_on_mariadb_exact(mariadb: Database) -> None:
    text = (Path(__file__).parents[1] / "docs" / "advanced-alchemy.md").read_text(encoding="utf-8")
    change = re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]
    engine = create_engine(mariadb.url)
    table = TheirSession.metadata.tables["shared_sessions"].to_metadata(MetaData(), name="session")
    table.drop(engine, checkfirst=True)
    table.create(engine)
    storage = SyncSessionStorage(engine, MovedSession)
    expires_at = datetime(2100, 1, 1, 0, 0, 0, 123456, tzinfo=timezone.utc)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
    for session_id in ("ABC", "abc"):
        storage.create(session_id, b"x" * 100_000, expires_at)
    assert storage.load("abc") == StoredSession(b"x" * 100_000, expires_at)
    table.drop(engine)
    engine.dispose()
