"""Deleting what has expired beside others who hold some of it, where a row can be locked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, select

from litestar_sessions import SQLAlchemySyncConfig, SyncSessionStorage
from litestar_sessions.statements import SessionStatements
from tests.support.models import UserSession

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

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


def test_a_batch_is_bounded_whatever_the_plan(
    servers: Servers, tmp_path: Path, clock: Clock
) -> None:
    def plan_loops(connection: Any, _record: object) -> None:
        for way in ("hashjoin", "hashagg", "sort", "material"):
            connection.execute(f"SET enable_{way} = off")

    config = SQLAlchemySyncConfig(servers.database("postgresql+psycopg", tmp_path).url)
    event.listen(config.get_engine(), "connect", plan_loops)
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    UserSession.metadata.drop_all(config.get_engine())  # the plan depends on what has been there
    storage.create_table()
    for number in range(3):
        storage.save(f"{number}", b"", clock.after(seconds=number - 3))
    statement = SessionStatements(UserSession, config.get_engine().dialect).delete_expired(1)
    with config.get_engine().connect() as connection:
        connection.exec_driver_sql("ANALYZE user_sessions")
        assert connection.execute(statement, {"s_now": clock.now}).rowcount == 1
    assert storage.delete_expired(batch_size=1) == 2
    assert storage.delete_all() == 0
    config.dispose()
