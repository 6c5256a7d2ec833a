"""Ending an owner's sessions while transactions of others have their rows in hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from litestar_sessions import SQLAlchemySyncConfig, SyncSessionStorage
from tests.support.models import FullSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clock import Clock
    from tests.support.databases import Database

CHANGES: dict[str, dict[str, Any]] = {
    "a save": {"data": b"changed"},
    "a rotation": {"session_id": "another id"},
    "a merge that rotates": {"data": b"changed", "session_id": "another id", "owner": "Ann"},
}


@pytest.fixture
def storage(sync_database: Database, clock: Clock) -> Iterator[SyncSessionStorage]:
    config = SQLAlchemySyncConfig(sync_database.url)
    storage = SyncSessionStorage(config.get_engine(), FullSession, clock=clock)
    storage.create_table()
    storage.delete_all()
    yield storage
    config.dispose()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_not_committed_yet_saves_no_session(
    storage: SyncSessionStorage, sync_database: Database, clock: Clock, change: str
) -> None:
    storage.create("id", b"data", clock.after(minutes=1), details={"owner": "Ann"})
    engine = SQLAlchemySyncConfig(sync_database.url).get_engine()
    with (
        ThreadPoolExecutor() as pool,
        engine.execution_options(
            isolation_level="SERIALIZABLE" if engine.dialect.name == "sqlite" else "READ COMMITTED"
        ).begin() as connection,
    ):
        connection.execute(update(FullSession).values(CHANGES[change]))
        ending = pool.submit(storage.end_owned, "Ann")
        assert not wait([ending], timeout=0.2).done  # it waits for the row
        connection.commit()
        assert ending.result() == 1
    engine.dispose()
    assert storage.delete_all() == 0
