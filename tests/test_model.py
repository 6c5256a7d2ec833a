"""The model: what it maps, how each database holds it, and when a session is expired."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Index,
    MetaData,
    String,
    UniqueConstraint,
    create_engine,
    delete,
    inspect,
    select,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    Mapped,
    Session,
    declarative_base,
    declared_attr,
    mapped_column,
)

from litestar_sessions import SessionModelMixin, UUIDv7Base
from tests.support.models import OtherBase, OtherSession, UserSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Engine

    from tests.support.databases import Database

NOW = datetime(2030, 1, 1, 12, 0, 0, 500_000, tzinfo=timezone.utc)
TOKYO = timezone(timedelta(hours=9))


@pytest.fixture
def engine(sync_database: Database) -> Iterator[Engine]:
    """An engine as an application has it; the tables are there and empty."""
    engine = create_engine(sync_database.url)
    UUIDv7Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(delete(UserSession))
    yield engine
    engine.dispose()


def session_of(session_id: str, expires_at: datetime = NOW) -> UserSession:
    return UserSession(session_id=session_id, data=b"data", expires_at=expires_at)


def test_a_subclass_with_a_table_name_is_a_complete_model(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(session_of("id"))
        session.commit()
        stored = session.scalars(select(UserSession)).one()
        assert (stored.session_id, stored.data, stored.expires_at) == ("id", b"data", NOW)


def test_the_key_is_a_uuid_of_version_7_with_the_time_of_creation(engine: Engine) -> None:
    with Session(engine) as session:
        stored = session_of("id")
        session.add(stored)
        session.commit()
        before = datetime.now(timezone.utc)
        assert stored.id.version == 7
        created = datetime.fromtimestamp((stored.id.int >> 80) / 1_000, timezone.utc)
        assert timedelta(0) <= before - created < timedelta(minutes=1)


def test_four_ids_that_a_collation_would_confuse_are_four_rows(engine: Engine) -> None:
    with Session(engine) as session:
        session.add_all(session_of(session_id) for session_id in ("ABC", "abc", "abc ", "äbc"))
        session.commit()
        for session_id in ("ABC", "abc", "abc ", "äbc"):
            found = session.scalars(select(UserSession).filter_by(session_id=session_id)).one()
            assert found.session_id == session_id


@pytest.mark.parametrize(
    "expires_at",
    [NOW, NOW.astimezone(TOKYO), NOW.replace(tzinfo=None)],
    ids=["utc", "tokyo", "naive"],
)
def test_whatever_goes_into_expires_at_utc_comes_out(engine: Engine, expires_at: datetime) -> None:
    with Session(engine) as session:
        stored = session_of("id", expires_at)
        assert (stored.expires_at, stored.expires_at.tzinfo) == (NOW, timezone.utc)
        session.add(stored)
        session.commit()
        session.refresh(stored)
        assert (stored.expires_at, stored.expires_at.tzinfo) == (NOW, timezone.utc)
        found = select(UserSession).where(UserSession.expires_at == expires_at)
        assert session.scalars(found).one() is stored


@pytest.fixture(params=["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def _time_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of this process; those of the servers are yet others."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_time_zone")
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    now=st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001 - Hypothesis wants naive bounds
    offsets=st.lists(st.integers(-2, 2), min_size=1, max_size=5),
)
def test_python_and_the_database_agree_on_what_is_expired_to_the_microsecond(
    engine: Engine, now: datetime, offsets: list[int]
) -> None:
    with Session(engine) as session, time_machine.travel(now, tick=False):
        for number, offset in enumerate(offsets):
            session.add(session_of(f"id {number}", now + timedelta(microseconds=offset)))
        session.flush()
        session.expire_all()
        rows = session.execute(select(UserSession, UserSession.is_expired)).all()
        assert [row.is_expired for row, _ in rows] == [bool(is_expired) for _, is_expired in rows]
        assert sum(row.is_expired for row, _ in rows) == sum(offset <= 0 for offset in offsets)


def test_an_expression_reads_the_time_when_it_is_executed(engine: Engine) -> None:
    expired = delete(UserSession).where(UserSession.is_expired)
    with Session(engine) as session:
        session.add(session_of("id", NOW))
        for moment, count in ((NOW - timedelta(microseconds=1), 0), (NOW, 1)):
            with time_machine.travel(moment, tick=False):
                assert session.execute(expired).rowcount == count  # type: ignore[attr-defined]  # a CursorResult


def test_the_database_has_one_unique_constraint_and_one_index(engine: Engine) -> None:
    inspector = inspect(engine)
    unique = {
        tuple(constraint["column_names"])
        for constraint in inspector.get_unique_constraints("user_sessions")
    }
    indexes = [
        tuple(index["column_names"])
        for index in inspector.get_indexes("user_sessions")
        if not index["unique"]
    ]
    assert unique == {("session_id",)}
    assert indexes == [("expires_at",)]


class MigratedBase(DeclarativeBase):
    metadata = MetaData(naming_convention=UUIDv7Base.metadata.naming_convention)


class MigratedSession(SessionModelMixin, MigratedBase):
    __tablename__ = "migrated_sessions"


def test_alembic_creates_them_once_and_then_sees_no_difference(sync_database: Database) -> None:
    engine = create_engine(sync_database.url)
    MigratedBase.metadata.drop_all(engine)
    with engine.begin() as connection:
        created = list(_flat(_difference(connection)))
        for operation in created:
            Operations(MigrationContext.configure(connection)).invoke(operation)
        assert _difference(connection) == []
    create_table = next(op for op in created if isinstance(op, ops.CreateTableOp))
    unique = [item for item in create_table.columns if isinstance(item, UniqueConstraint)]
    assert len(unique) == 1
    indexes = [op.to_index() for op in created if isinstance(op, ops.CreateIndexOp)]
    assert [(index.columns.keys(), index.unique) for index in indexes] == [(["expires_at"], False)]
    MigratedBase.metadata.drop_all(engine)
    engine.dispose()


def _difference(connection: Connection) -> list[ops.MigrateOperation]:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name == MigratedSession.__tablename__

    context = MigrationContext.configure(connection, opts={"include_name": is_ours})
    upgrade = produce_migrations(context, MigratedBase.metadata).upgrade_ops
    assert upgrade is not None
    return upgrade.ops


def _flat(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from _flat(operation.ops)
        else:
            yield operation


def test_mixed_into_another_base_a_model_belongs_to_that_base() -> None:
    assert OtherSession.__table__ in OtherBase.metadata.sorted_tables
    assert OtherSession.__table__ not in UUIDv7Base.metadata.sorted_tables
    assert OtherSession.metadata is OtherBase.metadata


class Modern(DeclarativeBase):
    pass


class WithoutMetaclass(DeclarativeBaseNoMeta):
    pass


@pytest.mark.parametrize("base", [Modern, WithoutMetaclass, declarative_base()], ids=repr)
def test_every_kind_of_base_will_do_in_any_order(base: Any) -> None:
    class Abstract(SessionModelMixin, base):  # type: ignore[misc]  # the base is a parameter
        __abstract__ = True

    class First(base, SessionModelMixin):  # type: ignore[misc]  # the base is a parameter
        __tablename__ = "first"

    class Second(SessionModelMixin, base):  # type: ignore[misc]  # the base is a parameter
        __tablename__ = "second"

    class Third(Abstract):
        __tablename__ = "third"

    assert set(base.metadata.tables) == {"first", "second", "third"}
    assert not set(base.metadata.tables) & set(UUIDv7Base.metadata.tables)


def test_a_base_may_name_the_table() -> None:
    class Naming(DeclarativeBase):
        @declared_attr.directive
        def __tablename__(cls) -> str:  # noqa: N805 - a class, says SQLAlchemy
            return cls.__name__.lower()

    class Visits(SessionModelMixin, Naming):
        pass

    assert set(Naming.metadata.tables) == {"visits"}


def test_a_model_may_add_columns_and_table_arguments() -> None:
    class Base(DeclarativeBase):
        pass

    class Extended(SessionModelMixin, Base):
        __tablename__ = "extended"
        __table_args__ = (Index("ix_user", "user_id"), {"schema": "app"})
        user_id: Mapped[str | None] = mapped_column(String(40))

    table = Extended.__table__
    assert set(table.columns.keys()) == {"id", "session_id", "data", "expires_at", "user_id"}
    assert table.schema == "app"
    assert {index.name for index in table.indexes} == {"ix_user", "ix_app_extended_expires_at"}  # type: ignore[attr-defined]  # a Table
