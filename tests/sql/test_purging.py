"""Deleting what has expired beside others who hold or save some of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import DBAPIError

from litestar_sessions import SQLAlchemySyncConfig, SyncSessionStorage
from litestar_sessions._sql.statements import SessionStatements
from tests.support.at_once import sync_at_once
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Engine

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
    statement = SessionStatements(UserSession, config.get_engine().dialect).delete_expired
    with config.get_engine().connect() as connection:
        connection.exec_driver_sql("ANALYZE user_sessions")
        assert connection.execute(statement, {"s_now": clock.now, "s_limit": 1}).rowcount == 1
    assert storage.delete_expired(batch_size=1) == 2
    assert storage.delete_all() == 0
    config.dispose()


def rows_of_batches(engine: Engine) -> list[int]:
    """Return a list that will say how many rows each statement has changed."""
    counts: list[int] = []

    def note(_connection: object, cursor: Any, *_: object) -> None:
        counts.append(cursor.rowcount)

    event.listen(engine, "after_cursor_execute", note)
    return counts


@pytest.fixture
def storage(sync_database: Database, clock: Clock) -> Iterator[SyncSessionStorage]:
    """An empty storage on each database."""
    config = SQLAlchemySyncConfig(sync_database.url)
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    storage.create_table()
    storage.delete_all()
    yield storage
    config.dispose()


@pytest.mark.parametrize("apart", [0, 1], ids=["at one moment", "one by one"])
def test_no_batch_is_larger_than_it_may_be(
    storage: SyncSessionStorage, clock: Clock, apart: int
) -> None:
    for number in range(25):
        storage.save(f"expired {number}", b"", clock.after(seconds=-number * apart))
    storage.save("live", b"", clock.after(microseconds=1))
    counts = rows_of_batches(storage._execution.engine)
    assert storage.delete_expired(batch_size=10) == 25
    assert counts == [10, 10, 5]
    assert storage.load("live") is not None


def test_the_oldest_go_first(storage: SyncSessionStorage, clock: Clock) -> None:
    for age in (3, 1, 2, 4):
        storage.save(f"{age}", b"", clock.after(seconds=-age))
    left: list[str] = []
    engine = storage._execution.engine
    reader = create_engine(engine.url)

    def note_left(*_: object) -> None:
        with reader.connect() as connection:
            names = select(UserSession.session_id).order_by(UserSession.session_id)
            left.append("".join(connection.scalars(names)))

    event.listen(engine, "after_cursor_execute", note_left)
    assert storage.delete_expired(batch_size=1) == 4
    assert left == ["123", "12", "1", "", ""]
    reader.dispose()


def test_what_is_saved_or_expires_between_batches_stays(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    for number in range(6):
        storage.save(f"expired {number}", b"", clock.after(seconds=number - 10))
    storage.save("soon", b"", clock.after(seconds=1))
    other = SQLAlchemySyncConfig(storage._execution.engine.url)
    elsewhere = SyncSessionStorage(other.get_engine(), UserSession, clock=clock)

    def meanwhile(*_: object) -> None:
        elsewhere.save("expired 5", b"new", clock.after(days=1))
        clock.advance(seconds=2)

    event.listen(storage._execution.engine, "after_cursor_execute", meanwhile, once=True)
    assert storage.delete_expired(batch_size=2) == 5
    assert elsewhere.load("expired 5") is not None
    assert elsewhere.delete_expired() == 1
    assert elsewhere.delete_all() == 1
    other.dispose()


def test_two_who_delete_at_once_wait_for_nobody_and_delete_each_row_once(
    with_row_locks: Database, clock: Clock
) -> None:
    config = SQLAlchemySyncConfig(with_row_locks.url)
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    storage.create_table()
    storage.delete_all()
    for number in range(20):
        storage.save(f"expired {number}", b"", clock.after(seconds=-number))
    other = create_engine(with_row_locks.url)
    statement = SessionStatements(UserSession, other.dialect).delete_expired
    with other.begin() as connection:
        # If the storage waited for this transaction, it would wait for ever.
        theirs = connection.execute(statement, {"s_now": clock.now, "s_limit": 8}).rowcount
        assert theirs == 8
        assert storage.delete_expired(batch_size=5) == 12
    assert storage.delete_expired() == 0
    assert storage.delete_all() == 0
    other.dispose()
    config.dispose()


def test_the_batches_of_two_who_delete_at_once_add_up(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    for number in range(200):
        storage.save(f"expired {number}", b"", clock.now)
    delete = partial(storage.delete_expired, batch_size=7)
    assert sum(sync_at_once(delete, delete)) == 200
    assert storage.delete_all() == 0


TRIGGERS = {
    "postgresql": """
        CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF OLD.session_id = 'stop' THEN
                RAISE EXCEPTION 'stopped' USING ERRCODE = '{state}';
            END IF;
            RETURN OLD;
        END $$;
        CREATE TRIGGER stop BEFORE DELETE ON user_sessions FOR EACH ROW EXECUTE FUNCTION stop()""",
    "mysql": """
        CREATE TRIGGER stop BEFORE DELETE ON user_sessions FOR EACH ROW
            IF OLD.session_id = 'stop' THEN
                SIGNAL SQLSTATE '{state}' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'stopped';
            END IF""",
}


@pytest.fixture
def stopping(with_row_locks: Database, clock: Clock) -> Iterator[Callable[..., SyncSessionStorage]]:
    """What makes a storage where the third of four expired sessions ends a batch in an error."""
    config = SQLAlchemySyncConfig(with_row_locks.url)
    engine = config.get_engine()
    storage = SyncSessionStorage(engine, UserSession, clock=clock)

    def make(state: str, number: int = 0) -> SyncSessionStorage:
        trigger = TRIGGERS[engine.dialect.name].format(state=state, number=number)
        with engine.begin() as connection:
            connection.exec_driver_sql(trigger)
        return storage

    UserSession.metadata.drop_all(engine)
    storage.create_table()
    for name in ("oldest", "older", "stop", "old"):
        clock.advance(seconds=1)
        storage.save(name, b"", clock.now)
    yield make
    UserSession.metadata.drop_all(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP FUNCTION stop")
    config.dispose()


def test_a_batch_that_is_lost_to_others_each_time_is_left_to_the_next_run(
    stopping: Callable[..., SyncSessionStorage],
) -> None:
    storage = stopping("40001", 1213)
    assert storage.delete_expired(batch_size=1) == 2
    assert storage.delete_expired(batch_size=1) == 0


def test_any_other_error_is_raised(stopping: Callable[..., SyncSessionStorage]) -> None:
    storage = stopping("57014", 1317)
    with pytest.raises(DBAPIError, match="stopped"):
        storage.delete_expired(batch_size=1)


def test_a_database_that_stays_locked_is_an_error_and_no_short_count(
    tmp_path: Path, clock: Clock
) -> None:
    config = SQLAlchemySyncConfig(f"sqlite:///{tmp_path}/sessions.db", connect_args={"timeout": 0})
    storage = SyncSessionStorage(config.get_engine(), UserSession, clock=clock)
    storage.create_table()
    storage.save("old", b"", clock.now)
    with closing(sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError, match="database is locked"):
            storage.delete_expired()
        other.execute("ROLLBACK")
    assert storage.delete_expired() == 1
    config.dispose()


def test_a_batch_of_nothing_is_refused(storage: SyncSessionStorage) -> None:
    with pytest.raises(ValueError, match="1 at least"):
        storage.delete_expired(batch_size=0)
