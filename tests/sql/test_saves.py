"""How a session is saved, whichever way its database has: compiled, and on those that are here."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import LargeBinary, create_engine, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from litestar_sessions import (
    SaveBy,
    SessionModelMixin,
    SyncSessionStorage,
)
from litestar_sessions._sql.statements import SessionStatements
from tests.support.dialects import ORACLE, SQL_SERVER, sql
from tests.support.models import Audited, NobodysBase, UserSession

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from tests.support.clock import Clock
    from tests.support.databases import Database


def test_oracle_merges() -> None:
    statement = SessionStatements(UserSession, ORACLE).save
    assert sql(statement, ORACLE) == (
        "MERGE INTO user_sessions USING (SELECT :s_key AS sought FROM DUAL) incoming "
        "ON (user_sessions.session_id = incoming.sought) "
        "WHEN MATCHED THEN UPDATE SET data = :s_data, expires_at = :s_expires_at "
        "WHEN NOT MATCHED THEN INSERT (id, session_id, data, expires_at) "
        "VALUES (:s_id, :s_key, :s_data, :s_expires_at)"
    )


def test_sql_server_merges_and_holds_the_range_that_it_looked_at() -> None:
    statement = SessionStatements(UserSession, SQL_SERVER).save
    text = sql(statement, SQL_SERVER)
    assert text.startswith(
        "MERGE INTO user_sessions WITH (HOLDLOCK) USING (SELECT :s_key AS sought)"
    )
    assert text.endswith(";")


@pytest.mark.parametrize("dialect", [ORACLE, SQL_SERVER], ids=["oracle", "mssql"])
def test_a_merge_binds_values_as_the_columns_hold_them(dialect: Dialect) -> None:
    save: Any = SessionStatements(UserSession, dialect).save
    columns, bound = UserSession.__table__.c, save.compile(dialect=dialect).binds
    assert {name: type(bind.type) for name, bind in bound.items()} == {
        "s_id": type(columns.id.type),
        "s_key": type(columns.session_id.type),
        "s_data": type(columns.data.type),
        "s_expires_at": type(columns.expires_at.type),
    }


def test_a_merge_generates_anew_each_time_it_is_executed() -> None:
    class Numbered(SessionModelMixin, NobodysBase):
        __tablename__ = "numbered_sessions"
        number: Mapped[int] = mapped_column(default=count().__next__)

    statement: Any = SessionStatements(Numbered, ORACLE).save
    compiled = statement.compile(dialect=ORACLE)
    row = dict.fromkeys(("s_id", "s_key", "s_data", "s_expires_at"))
    numbers = [compiled.construct_params(row)["s_number_inserted"] for _ in range(3)]
    assert numbers == [0, 1, 2]


def test_a_merge_generates_what_added_columns_ask_for() -> None:
    text = sql(SessionStatements(Audited, ORACLE).save, ORACLE)
    assert 'MERGE INTO "audited sessions"' in text
    assert "changes = :s_changes_updated, seen_at = CURRENT_TIMESTAMP" in text
    assert "(id, kind, seen_at, session_id, data, expires_at)" in text


def test_a_merge_binds_what_it_generates_as_the_columns_hold_it() -> None:
    class Sealed(SessionModelMixin, NobodysBase):
        __tablename__ = "sealed_sessions"
        seal: Mapped[bytes] = mapped_column(LargeBinary, default=bytes)
        kind: Mapped[bytes] = mapped_column(LargeBinary, default=b"plain")

    save: Any = SessionStatements(Sealed, ORACLE).save
    bound = save.compile(dialect=ORACLE).binds
    generated = {name: type(bind.type) for name, bind in bound.items() if "_inserted" in name}
    assert generated == {"s_seal_inserted": LargeBinary, "s_kind_inserted": LargeBinary}


@pytest.mark.parametrize("save_by", [SaveBy.UPSERT, SaveBy.LOOK_THEN_WRITE])
def test_saving_generates_what_added_columns_ask_for(
    sync_database: Database, clock: Clock, save_by: SaveBy
) -> None:
    engine = create_engine(sync_database.url)
    storage = SyncSessionStorage(engine, Audited, clock=clock, save_by=save_by)
    storage.create_table()
    storage.delete_all()
    storage.save("id", b"new", clock.after(minutes=20))
    with Session(engine) as session:
        row = session.scalars(select(Audited)).one()
        assert (row.kind, row.changes, row.seen_at is None) == ("web", None, False)
        storage.save("id", b"changed", clock.after(minutes=20))
        session.rollback()
        assert (row.kind, row.changes, row.data) == ("web", "changed", b"changed")
    engine.dispose()
