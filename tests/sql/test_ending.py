"""Ending an owner's sessions: while others change their rows, and among many rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable
from uuid_utils.compat import uuid7

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


class Explain(Executable, ClauseElement):
    """The plan of a statement."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **options: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{how} {compiler.process(element.statement, **options)}"


@pytest.mark.parametrize("name", ["listed", "end_all", "end_one", "end_others", "end_oldest"])
def test_the_sessions_of_an_owner_are_found_by_an_index(
    storage: SyncSessionStorage, clock: Clock, name: str
) -> None:
    engine = storage._execution.engine
    with engine.begin() as connection:
        rows = [
            {
                "session_id": str(number),
                "data": b"",
                "expires_at": clock.after(days=1),
                "owner": str(number // 10),
                "signed_in_at": clock.now,
            }
            for number in range(2_000)
        ]
        connection.execute(insert(FullSession), rows)
        analyze = "ANALYZE TABLE" if engine.dialect.name == "mysql" else "ANALYZE"
        connection.exec_driver_sql(f"{analyze} full_sessions")
    values = {"s_owner": "7", "s_now": clock.now, "s_limit": 2, "s_id": uuid7()}
    statement = getattr(storage._owned, name)
    with engine.connect() as connection:
        result: Any = connection.execute(Explain(statement), values)
        plan = str(result.cursor.fetchall())
    assert "ix_full_sessions_owner" in plan or name == "end_one"
    for whole in ("Seq Scan on full_sessions", "SCAN full_sessions", "'ALL', None"):
        assert whole not in plan
