"""Statements, also for databases that are not here: compiled, and read by another parser."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlglot
from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys, hashed, plain
from litestar_sessions._sql.owned import OwnedStatements
from litestar_sessions._sql.statements import SessionStatements
from litestar_sessions._sql.table import SessionTable
from litestar_sessions._sql.types import UTCTimestamp
from tests.support.dialects import DIALECTS, ORACLE, sql
from tests.support.models import Audited, FullSession, NobodysBase, UserSession

TWO_KEYS = SessionKeys((hashed, plain))

NAMES = (
    "load",
    "reload",
    "find",
    "insert",
    "replace",
    "save",
    "overwrite",
    "update",
    "update_by_digest",
    "touch",
    "load_and_touch",
    "rotate",
    "delete",
    "discard",
    "delete_others",
    "delete_all",
)


@pytest.mark.parametrize(
    ("model", "keys"),
    [(UserSession, PLAIN_KEYS), (Audited, PLAIN_KEYS), (UserSession, TWO_KEYS)],
)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grammar", DIALECTS)
def test_every_statement_is_one_of_its_dialect(
    grammar: str, name: str, model: type[Any], keys: SessionKeys
) -> None:
    statement = getattr(SessionStatements(model, DIALECTS[grammar], keys=keys), name)
    if statement is None:
        has_none = (grammar, name) == ("mysql", "load_and_touch") or name == "update_by_digest"
        assert has_none or keys.are_several
    elif (grammar, name) == ("oracle", "load_and_touch"):
        # sqlglot 28 reads no RETURNING ... INTO.
        assert sql(statement, DIALECTS[grammar]).endswith("INTO :ret_0, :ret_1, :ret_2, :ret_3")
    else:
        text = sql(statement, DIALECTS[grammar])
        assert len(sqlglot.parse(text, dialect=grammar)) == 1


DETAILS = ("owner", "owner_bytes", "signed_in_at", "user_agent")


@pytest.mark.parametrize("name", ["insert", "save", "replace", "update", "touch", "rotate"])
@pytest.mark.parametrize("grammar", DIALECTS)
def test_details_are_written_by_the_same_statement(grammar: str, name: str) -> None:
    statements = SessionStatements(FullSession, DIALECTS[grammar])
    text = sql(getattr(statements.writing(DETAILS), name), DIALECTS[grammar])
    assert len(sqlglot.parse(text, dialect=grammar)) == 1
    written = ["last_seen_at", *(DETAILS if name != "rotate" else ())]
    times = 2 if name == "save" else 1  # for a new row, and for one that is there
    assert all(text.count(column) >= times for column in written)
    assert statements.writing(DETAILS) is statements.writing(DETAILS)
    assert statements.writing(()) is statements


@pytest.mark.parametrize("name", ["listed", "end_all", "end_one", "end_others", "end_oldest"])
@pytest.mark.parametrize("grammar", DIALECTS)
def test_a_statement_for_an_owner_is_one_of_its_dialect(grammar: str, name: str) -> None:
    text = sql(getattr(OwnedStatements(SessionTable(FullSession)), name), DIALECTS[grammar])
    assert len(sqlglot.parse(text, dialect=grammar)) == 1
    assert "owner" in text


@pytest.mark.parametrize("grammar", DIALECTS)
def test_many_sessions_are_loaded_by_a_statement_of_its_dialect(grammar: str) -> None:
    statements = SessionStatements(UserSession, DIALECTS[grammar])
    text = sql(statements.load_many(4), DIALECTS[grammar])
    assert len(sqlglot.parse(text, dialect=grammar)) == 1
    assert text.count("s_key") == 4 or DIALECTS[grammar].positional
    assert statements.load_many(4) is statements.load_many(4)


@pytest.mark.parametrize("name", ["insert", "update", "touch", "load_and_touch"])
@pytest.mark.parametrize("written", [(), ("lifetime", "lifetime_was", "persistent_was")])
@pytest.mark.parametrize("grammar", DIALECTS)
def test_statements_about_lifetimes_are_ones_of_their_dialect(
    grammar: str, written: tuple[str, ...], name: str
) -> None:
    statements = SessionStatements(FullSession, DIALECTS[grammar]).writing(written)
    statement = getattr(statements, name)
    if statement is not None and (grammar, name) != ("oracle", "load_and_touch"):
        text = sql(statement, DIALECTS[grammar])
        assert len(sqlglot.parse(text, dialect=grammar)) == 1
        if name == "touch":
            assert ("CASE" in text) is not bool(written)


def test_oracle_compares_data_as_it_can() -> None:
    statement = SessionStatements(UserSession, ORACLE).update
    text = sql(statement, ORACLE)
    assert "dbms_lob.compare(user_sessions.data, :s_expected) = :compare_1" in text
    assert statement.compile(dialect=ORACLE).params["compare_1"] == 0


class Elsewhere(NobodysBase):
    """A table of somebody else's, with a column of another type for each parameter."""

    __tablename__ = "elsewhere"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
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
