"""Statements, also for databases that are not here: compiled, and read by another parser."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003 - SQLAlchemy reads the annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, String, create_engine, func, select
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.schema import CreateTable

from litestar_sessions import (
    ConfigurationError,
    SaveBy,
    SessionModelMixin,
    SQLAlchemySessionBackendBase,
    SyncSessionStorage,
)
from litestar_sessions._sql.dialects import way_to_save
from litestar_sessions._sql.keys import plain
from litestar_sessions._sql.statements import SessionStatements
from litestar_sessions._sql.table import SessionTable
from litestar_sessions._sql.types import UTCTimestamp
from tests.support.examples import SESSION_IDS
from tests.support.models import NobodysBase, OtherBase, UserSession

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from tests.support.clock import Clock
    from tests.support.databases import Database

NAMES = (
    "load",
    "reload",
    "find",
    "insert",
    "replace",
    "save",
    "overwrite",
    "update",
    "touch",
    "load_and_touch",
    "rotate",
    "delete",
    "discard",
    "delete_all",
)
DIALECTS: dict[str, Dialect] = {
    grammar: module.dialect(**options)
    for grammar, module, options in (
        ("sqlite", sqlite, {"paramstyle": "named"}),
        ("postgres", postgresql, {"paramstyle": "named"}),
        ("mysql", mysql, {"paramstyle": "named"}),
        ("oracle", oracle, {}),
        ("tsql", mssql, {}),
    )
}
MYSQL, ORACLE, SQL_SERVER = DIALECTS["mysql"], DIALECTS["oracle"], DIALECTS["tsql"]


class Audited(SessionModelMixin, OtherBase):
    """Its added columns have every kind of default, and its name needs quotes."""

    __tablename__ = "audited sessions"
    kind: Mapped[str] = mapped_column(String(10), default="web")
    changes: Mapped[str | None] = mapped_column(String(10), onupdate=lambda: "changed")
    seen_at: Mapped[datetime] = mapped_column(default=func.now(), onupdate=func.now())


def dialect_named(name: str) -> Dialect:
    dialect = DefaultDialect()
    dialect.name = name
    return dialect


def sql(statement: Any, dialect: Dialect) -> str:
    return " ".join(str(statement.compile(dialect=dialect)).split())


@pytest.mark.parametrize("model", [UserSession, Audited])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grammar", DIALECTS)
def test_every_statement_is_one_of_its_dialect(grammar: str, name: str, model: type[Any]) -> None:
    statement = getattr(SessionStatements(model, DIALECTS[grammar]), name)
    if (grammar, name) == ("mysql", "load_and_touch"):
        assert statement is None
    elif (grammar, name) == ("oracle", "load_and_touch"):
        # sqlglot 28 reads no RETURNING ... INTO.
        assert sql(statement, DIALECTS[grammar]).endswith("INTO :ret_0, :ret_1, :ret_2, :ret_3")
    else:
        text = sql(statement, DIALECTS[grammar])
        assert len(sqlglot.parse(text, dialect=grammar)) == 1


@pytest.mark.parametrize("grammar", DIALECTS)
def test_the_expired_are_deleted_in_bounded_batches_and_tested_again(grammar: str) -> None:
    statement = SessionStatements(UserSession, DIALECTS[grammar]).delete_expired
    text = sql(statement, DIALECTS[grammar])
    assert "DELETE " in text
    assert text.count("expires_at <= :s_now") == 2
    assert text.count(":s_limit") == 1
    assert len(sqlglot.parse(text, dialect=grammar)) == 1


@pytest.mark.parametrize("is_old", [False, True])
def test_sql_server_deletes_the_oldest_first(is_old: bool) -> None:
    dialect: Any = mssql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has it so
    dialect._supports_offset_fetch = not is_old  # found out when it connects
    text = sql(SessionStatements(UserSession, dialect).delete_expired, dialect)
    assert "ORDER BY user_sessions.expires_at" in text
    assert ("ROW_NUMBER" in text) is is_old


def test_mysql_begins_with_the_expired_that_nobody_else_is_deleting() -> None:
    statement = SessionStatements(UserSession, MYSQL).delete_expired
    assert sql(statement, MYSQL) == (
        "DELETE user_sessions FROM ( SELECT id FROM user_sessions WHERE expires_at <= :s_now "
        "ORDER BY expires_at LIMIT :s_limit FOR UPDATE SKIP LOCKED ) AS picked "
        "STRAIGHT_JOIN user_sessions FORCE INDEX (PRIMARY) ON user_sessions.id = picked.id "
        "WHERE user_sessions.expires_at <= :s_now"
    )


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


def test_oracle_compares_data_as_it_can() -> None:
    statement = SessionStatements(UserSession, ORACLE).update
    text = sql(statement, ORACLE)
    assert "dbms_lob.compare(user_sessions.data, :s_expected) = :compare_1" in text
    assert statement.compile(dialect=ORACLE).params["compare_1"] == 0


class Elsewhere(NobodysBase):
    """A table of somebody else's, with a column of another type for each parameter."""

    __tablename__ = "elsewhere"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(String(99), unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary(9_999))
    expires_at: Mapped[datetime]


@pytest.mark.parametrize("name", ["load", "save", "update", "rotate"])
def test_a_parameter_has_the_type_of_its_column(name: str) -> None:
    statements = SessionStatements(Elsewhere, ORACLE)
    compiled: Any = getattr(statements, name).compile(dialect=ORACLE)
    sessions = SessionTable(Elsewhere)
    types = {"s_data": sessions.data.type, "s_expected": sessions.data.type}
    types |= dict.fromkeys(("s_key", "s_new_key"), sessions.session_id.type)
    found = {bind: parameter.type for bind, parameter in compiled.binds.items()}
    assert all(found[bind] is types[bind] for bind in found.keys() & types.keys())
    moments = [found[bind] for bind in found.keys() & {"s_now", "s_expires_at"}]
    assert all(isinstance(moment, UTCTimestamp) for moment in moments)
    assert found.keys() & {*types, "s_now", "s_expires_at"}


@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        (
            "mysql",
            (
                "BINARY(16)",
                "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
                "LONGBLOB",
                "DATETIME(6)",
            ),
        ),
        ("oracle", ("RAW(16)", "VARCHAR2(255 CHAR)", "BLOB", "TIMESTAMP")),
        (
            "tsql",
            (
                "UNIQUEIDENTIFIER",
                "VARCHAR(255) COLLATE Latin1_General_BIN2",
                "IMAGE",
                "DATETIMEOFFSET",
            ),
        ),
        ("postgres", ("UUID", "VARCHAR(255)", "BYTEA", "TIMESTAMP WITH TIME ZONE")),
        ("sqlite", ("BLOB", "VARCHAR(255)", "BLOB", "DATETIME")),
    ],
)
def test_each_column_has_the_right_type(dialect: str, types: tuple[str, ...]) -> None:
    ddl = sql(CreateTable(SessionTable(UserSession).table), DIALECTS[dialect])
    for name, type_ in zip(("id", "session_id", "data", "expires_at"), types, strict=True):
        assert f"{name} {type_} NOT NULL" in ddl


@pytest.mark.parametrize(
    "name", ["postgresql", "cockroachdb", "sqlite", "mysql", "mariadb", "duckdb"]
)
def test_these_dialects_upsert(name: str) -> None:
    supports_upsert = SQLAlchemySessionBackendBase.supports_upsert
    assert supports_upsert(dialect_named(name))
    assert not supports_upsert(dialect_named(name), force_disable_upsert=True)
    assert not SQLAlchemySessionBackendBase.supports_merge(dialect_named(name))
    assert way_to_save(dialect_named(name)) is SaveBy.UPSERT


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_these_dialects_merge(name: str) -> None:
    supports_merge = SQLAlchemySessionBackendBase.supports_merge
    assert supports_merge(dialect_named(name))
    assert not supports_merge(dialect_named(name), force_disable_merge=True)
    assert not SQLAlchemySessionBackendBase.supports_upsert(dialect_named(name))
    assert way_to_save(dialect_named(name)) is SaveBy.MERGE


def test_any_other_dialect_looks_and_then_writes() -> None:
    assert way_to_save(dialect_named("spanner+spanner")) is SaveBy.LOOK_THEN_WRITE
    assert SessionStatements(UserSession, dialect_named("spanner+spanner")).save is None


def test_a_way_to_save_that_a_dialect_does_not_have_is_refused() -> None:
    assert way_to_save(MYSQL, SaveBy.LOOK_THEN_WRITE) is SaveBy.LOOK_THEN_WRITE
    for dialect, way in ((MYSQL, SaveBy.MERGE), (ORACLE, SaveBy.UPSERT)):
        with pytest.raises(ConfigurationError, match="leave save_by out"):
            SessionStatements(UserSession, dialect, way)


def test_no_dialect_supports_nothing() -> None:
    assert not SQLAlchemySessionBackendBase.supports_upsert()
    assert not SQLAlchemySessionBackendBase.supports_merge(None)


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


def test_an_id_that_every_column_holds_is_kept_as_it_is() -> None:
    assert plain("4f1c" * 16) == "4f1c" * 16
    assert plain("x" * 255) == "x" * 255


def test_the_examples_have_keys_of_their_own() -> None:
    assert len({plain(session_id) for session_id in SESSION_IDS}) == len(SESSION_IDS)


@given(st.text(st.characters(), max_size=5_000) | st.text(st.characters(codec="ascii")))
def test_every_key_fits_its_column_and_has_no_key_but_its_own(session_id: str) -> None:
    key = plain(session_id)
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert key == session_id or plain(key) != key


def test_cockroachdb_picks_what_it_deletes_once_and_waits_for_nobody() -> None:
    dialect: Any = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
    dialect.name = "cockroachdb"
    statement: Any = SessionStatements(UserSession, dialect).delete_expired
    text = str(statement.compile(dialect=dialect))
    assert text.startswith("WITH picked AS")
    assert "FOR UPDATE SKIP LOCKED" in text


def test_sql_server_deletes_from_the_oldest_on() -> None:
    statement: Any = SessionStatements(UserSession, SQL_SERVER).delete_expired
    values = statement.compile(dialect=SQL_SERVER).construct_params({"s_now": None, "s_limit": 7})
    assert sorted(value for value in values.values() if value is not None) == [0, 7]
