"""Deleting what has expired beside others who hold some of it, where a row can be locked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, select

from litestar_sessions import SQLAlchemySyncConfig, SyncSessionStorage
from tests.support.models import UserSession

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database, Servers


@pytest.fixture(params=["postgresql+psycopg", "mysql+pymysql"])
def with_row_locks(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Database:
    """A database that locks single rows."""
    return servers.database(request.param, tmp_path)


@pytest.mark.parametrize("batch_size", [1, 1_000])
def test_what_somebody_else_holds_is_left_and_nobody_waits_for_it(
    with_row_locks: Database, clock: Clock, batch_size: int
) -> None:
    config = SQLAlchemySyncConfig(with_row_locks.url)
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    storage.create_table()
    storage.delete_all()
    for name in ("oldest", "older", "old"):
        clock.advance(seconds=1)
        storage.save(name, b"", clock.now)
    storage.save("live", b"", clock.now + timedelta(minutes=1))
    other = create_engine(with_row_locks.url)
    with other.begin() as connection:
        mine = select(UserSession.id).where(UserSession.session_id == "oldest").with_for_update()
        assert connection.scalar(mine)
        assert storage.delete_expired(batch_size=batch_size) == 2
    assert storage.delete_expired(batch_size=batch_size) == 1
    assert storage.delete_all() == 1
    other.dispose()
    config.dispose()
