# The source of a generated twin: see CONTRIBUTING.md.
"""Tables are created where they are missing, also by several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from litestar_sessions import AsyncSessionStorage, SQLAlchemyAsyncConfig
from tests.support.at_once import async_at_once
from tests.support.models import MissingSession, OtherBase, OtherSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock
    from tests.support.databases import Database


async def test_tables_are_created_where_they_are_missing(
    async_database: Database, clock: Clock
) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    await config.create_tables()
    await config.create_tables()
    storage = AsyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    await storage.save("id", b"data", clock.after(minutes=20))
    assert await storage.load("id") is not None
    await config.dispose()


async def test_tables_of_another_base_are_created_on_request(async_database: Database) -> None:
    config = SQLAlchemyAsyncConfig(async_database.url)
    async with config.get_engine().begin() as connection:
        await connection.execute(text(f"DROP TABLE IF EXISTS {OtherSession.__tablename__}"))
    await config.create_tables(OtherBase.metadata)
    assert await AsyncSessionStorage(config.get_engine(), OtherSession).delete_all() == 0
    await config.dispose()


async def test_several_may_create_tables_at_once(async_database: Database) -> None:
    configs = [SQLAlchemyAsyncConfig(async_database.url) for _ in range(8)]
    async with configs[0].get_engine().begin() as connection:
        await connection.execute(text(f"DROP TABLE IF EXISTS {UserSession.__tablename__}"))
    await async_at_once(*(config.create_tables for config in configs))
    assert await AsyncSessionStorage(configs[0].get_engine(), UserSession).delete_all() == 0
    for config in configs:
        await config.dispose()


async def test_a_storage_knows_whether_its_table_is_there(engine: AsyncEngine) -> None:
    assert await AsyncSessionStorage(engine, UserSession).has_table()
    assert not await AsyncSessionStorage(engine, MissingSession).has_table()


async def test_a_table_that_is_there_may_be_created_again(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    await storage.create_table()
    assert await storage.load("id") is not None
