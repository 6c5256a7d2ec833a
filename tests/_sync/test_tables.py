# Generated from tests/_async/test_tables.py (make generate): edit that, not this.
"""Tables are created where they are missing, also by several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from litestar_sessions import SyncSessionStorage, SQLAlchemySyncConfig
from tests.support.at_once import sync_at_once
from tests.support.models import MissingSession, OtherBase, OtherSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.support.clock import Clock
    from tests.support.databases import Database


def test_tables_are_created_where_they_are_missing(
    sync_database: Database, clock: Clock
) -> None:
    config = SQLAlchemySyncConfig(sync_database.url)
    config.create_tables()
    config.create_tables()
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    storage.save("id", b"data", clock.after(minutes=20))
    assert storage.load("id") is not None
    config.dispose()


def test_tables_of_another_base_are_created_on_request(sync_database: Database) -> None:
    config = SQLAlchemySyncConfig(sync_database.url)
    with config.get_engine().begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {OtherSession.__tablename__}"))
    config.create_tables(OtherBase.metadata)
    assert SyncSessionStorage(config.get_engine(), OtherSession).delete_all() == 0
    config.dispose()


def test_several_may_create_tables_at_once(sync_database: Database) -> None:
    configs = [SQLAlchemySyncConfig(sync_database.url) for _ in range(8)]
    with configs[0].get_engine().begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {UserSession.__tablename__}"))
    sync_at_once(*(config.create_tables for config in configs))
    assert SyncSessionStorage(configs[0].get_engine(), UserSession).delete_all() == 0
    for config in configs:
        config.dispose()


def test_a_storage_knows_whether_its_table_is_there(engine: Engine) -> None:
    assert SyncSessionStorage(engine, UserSession).has_table()
    assert not SyncSessionStorage(engine, MissingSession).has_table()


def test_a_table_that_is_there_may_be_created_again(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    storage.create_table()
    assert storage.load("id") is not None
