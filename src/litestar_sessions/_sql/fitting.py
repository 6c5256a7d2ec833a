"""Whether a table is as its model has it, and the statements that mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import inspect
from sqlalchemy.exc import CompileError, NoSuchTableError

from litestar_sessions._sql.extras import INDEXED
from litestar_sessions._sql.misfits import misfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Connection, Dialect

    from litestar_sessions._sql.table import SessionTable

__all__ = ("Problem", "TableFacts", "misfits", "table_facts")

_CHARACTER_SET = re.compile(r" CHARACTER SET \w+")
"""The collation says it too."""


class Problem(NamedTuple):
    """Something that needs attention."""

    what: str
    remedy: str


@dataclass(frozen=True)
class TableFacts:
    """What a database has of a table."""

    columns: dict[str, str]
    """The types of the columns, as the database spells them, by their names in lower case."""
    unique: tuple[frozenset[str], ...]
    """Of which columns each row has other values."""
    leading: frozenset[str]
    """The columns with which an index begins."""


def table_facts(connection: Connection, sessions: SessionTable) -> TableFacts | None:
    """Return what the database has; ``None`` if it has no such table."""
    table = sessions.table
    found = inspect(connection)
    place = (table.name, table.schema)
    try:
        columns = found.get_columns(*place)
    except NoSuchTableError:
        return None
    indexes: list[Any] = [*found.get_indexes(*place)]
    keys: list[Any] = [found.get_pk_constraint(*place)["constrained_columns"]]
    keys += [each["column_names"] for each in found.get_unique_constraints(*place)]
    keys += [each["column_names"] for each in indexes if each["unique"]]
    listed = [*keys, *(each["column_names"] for each in indexes)]
    return TableFacts(
        {each["name"].lower(): _spelled(each["type"], connection.dialect) for each in columns},
        tuple(frozenset(map(_name, key)) for key in keys),
        frozenset(_name(names[0]) for names in listed if names),
    )


def _name(column: str | None) -> str:
    return "" if column is None else column.lower()  # an index may be on an expression


def _spelled(kind: Any, dialect: Dialect) -> str:
    try:
        text = kind.compile(dialect=dialect)
    except CompileError:  # it needs something that only its model has
        text = str(kind)
    return _CHARACTER_SET.sub("", text).upper()


def misfits(
    sessions: SessionTable, dialect: Dialect, facts: TableFacts | None
) -> Iterator[Problem]:
    """Yield what the table lacks, or has in another form."""
    lacking = misfit(sessions, dialect, None if facts is None else facts.columns)
    if lacking is not None or facts is None:
        problem, _, remedy = (lacking or "").partition(": ")
        yield Problem(problem, remedy)
        return
    if dialect.name != "sqlite":  # whose columns hold anything
        for column in (sessions.id, sessions.session_id, sessions.data, sessions.expires_at):
            yield from _other_type(column, dialect, facts)
    yield from _missing_indexes(sessions, dialect, facts)


def _other_type(column: Column[Any], dialect: Dialect, facts: TableFacts) -> Iterator[Problem]:
    wanted = _spelled(column.type.dialect_impl(dialect), dialect)
    found = facts.columns[column.name.lower()]
    if wanted != found:
        yield Problem(
            f"The column {column.name} is {found}, and {wanted} in the model",
            _retyped(column, dialect),
        )


def _retyped(column: Column[Any], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer
    name, kind = quote.format_column(column), column.type.compile(dialect=dialect)
    change = f"ALTER COLUMN {name} TYPE {kind}"
    if dialect.name in {"mysql", "mariadb"}:
        change = f"MODIFY {name} {kind} NOT NULL"
    return f"ALTER TABLE {quote.format_table(column.table)} {change};"


def _missing_indexes(
    sessions: SessionTable, dialect: Dialect, facts: TableFacts
) -> Iterator[Problem]:
    if frozenset({sessions.session_id.name.lower()}) not in facts.unique:
        yield Problem(
            "Two rows may have one session ID, and each request reads the whole table",
            _indexed(sessions.session_id, dialect, "UNIQUE INDEX uq"),
        )
    if sessions.expires_at.name.lower() not in facts.leading:
        yield Problem(
            "There is no index on the expiry, so deleting expired sessions reads the whole table",
            _indexed(sessions.expires_at, dialect, "INDEX ix"),
        )
    for column in (sessions.extras[name] for name in INDEXED if name in sessions.extras):
        if column.name.lower() not in facts.leading:
            yield Problem(
                f"There is no index on {column.name}, so finding sessions by it reads the whole "
                "table",
                _indexed(column, dialect, "INDEX ix"),
            )


def _indexed(column: Column[Any], dialect: Dialect, kind: str) -> str:
    quote = dialect.identifier_preparer
    what, _, prefix = kind.rpartition(" ")
    name = quote.quote(f"{prefix}_{column.table.name}_{column.name}")
    return (
        f"CREATE {what} {name} ON {quote.format_table(column.table)} "
        f"({quote.format_column(column)});"
    )
