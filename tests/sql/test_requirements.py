"""What a feature asks of a model, and how a table gets the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import MetaData, Table, create_engine, text
from sqlalchemy.orm import DeclarativeBase

from litestar_sessions import ConfigurationError, SessionModelMixin, UserSessionMixin
from litestar_sessions._sql.extras import EXTRAS
from litestar_sessions._sql.misfits import misfit
from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import SessionTable
from litestar_sessions.default_model import Session
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from tests.support.databases import Database


class GrowingBase(DeclarativeBase):
    metadata = MetaData()


class Before(SessionModelMixin, GrowingBase):
    __tablename__ = "growing_sessions"


class GrownBase(DeclarativeBase):
    metadata = MetaData()


class Grown(SessionModelMixin, UserSessionMixin, GrownBase):
    """The same table later; the order of the mixins does not matter."""

    __tablename__ = "growing_sessions"


TABLE: Table = Before.__table__  # type: ignore[assignment]  # it is one


@pytest.fixture
def engine(sync_database: Database) -> Iterator[Engine]:
    """A database with the table of before."""
    engine = create_engine(sync_database.url)
    TABLE.drop(engine, checkfirst=True)
    TABLE.create(engine)
    yield engine
    TABLE.drop(engine)
    engine.dispose()


def differences(connection: Connection) -> list[Any]:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name == TABLE.name

    context = MigrationContext.configure(connection, opts={"include_name": is_ours})
    found: list[Any] = compare_metadata(context, GrownBase.metadata)
    return found


def test_the_default_model_has_every_column_and_a_bare_one_none() -> None:
    assert list(SessionTable(Session).extras) == list(EXTRAS)
    assert SessionTable(UserSession).extras == {}
    assert all(column.nullable for column in SessionTable(Session).extras.values())
    require_extras(SessionTable(Session), "everything", *EXTRAS)


def test_the_first_line_of_a_refusal_names_feature_columns_and_mixin() -> None:
    with pytest.raises(ConfigurationError) as raised:
        require_extras(SessionTable(Before), "owner='user_id'", "owner", "signed_in_at")
    first, *rest = str(raised.value).splitlines()
    for part in ("owner='user_id'", "owner, signed_in_at", "Before", "UserSessionMixin"):
        assert part in first
    assert sum("op.add_column('growing_sessions'" in line for line in rest) == len(EXTRAS)


def test_with_the_lines_of_a_refusal_autogenerate_finds_nothing_to_do(engine: Engine) -> None:
    with pytest.raises(ConfigurationError) as raised:
        require_extras(SessionTable(Before), "a feature", "owner")
    program: dict[str, Any] = {}
    lines = str(raised.value)
    exec(lines[lines.index("import ") :], program)
    with engine.begin() as connection:
        assert differences(connection) != []
        with Operations.context(MigrationContext.configure(connection)):
            program["upgrade"]()
    with engine.connect() as connection:
        assert differences(connection) == []


def test_with_the_statements_of_the_start_autogenerate_finds_nothing_to_do(engine: Engine) -> None:
    problem = misfit(SessionTable(Grown), engine.dialect, [c.name for c in TABLE.columns])
    assert problem is not None
    _, _, rest = problem.partition("add them (")
    changes, _, _ = rest.partition("), or drop the table")
    with engine.begin() as connection:
        for statement in changes.split("; "):
            connection.execute(text(statement.rstrip(";")))
    with engine.connect() as connection:
        assert differences(connection) == []
