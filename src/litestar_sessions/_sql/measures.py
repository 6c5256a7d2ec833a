"""How large the data of sessions is, and the table that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, String, bindparam, case, func, select, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect, Executable, Select
    from sqlalchemy.sql.elements import ColumnElement

    from litestar_sessions._sql.records import Reply
    from litestar_sessions._sql.table import SessionTable

__all__ = (
    "DataSizes",
    "TableSize",
    "data_sizes",
    "place_of",
    "size_data",
    "size_table",
    "table_size",
)


@dataclass(frozen=True)
class DataSizes:
    """How many bytes the data of sessions has, in the table; nothing if there is no session."""

    median: int | None
    p95: int | None
    """Of which 95 of 100 sessions have no more."""
    largest: int | None


@dataclass(frozen=True)
class TableSize:
    """How many bytes the table and its indexes take, as far as the database tells."""

    table: int | None
    indexes: int | None


def size_data(sessions: SessionTable, dialect: Dialect) -> Select[Any]:
    """Return what finds out how large data is, in one reading of the table."""
    length = _length(sessions, dialect)
    place = func.row_number().over(order_by=length).label("place")
    each = select(length.label("size"), place, func.count().over().label("found")).subquery("each")
    shares = (each.c.place * 100 >= each.c.found * percent for percent in (50, 95))
    return select(
        *(func.min(case((share, each.c.size))) for share in shares), func.max(each.c.size)
    )


def _length(sessions: SessionTable, dialect: Dialect) -> ColumnElement[int]:
    functions: dict[str, Callable[..., Any]] = {
        "mssql": func.datalength,
        "oracle": func.dbms_lob.getlength,
        **dict.fromkeys(("postgresql", "duckdb"), func.octet_length),
    }
    length: ColumnElement[int] = functions.get(dialect.name, func.length)(sessions.data)
    return length


def data_sizes(reply: Reply) -> DataSizes:
    """Return what the database says of the data."""
    (row,) = reply.rows
    return DataSizes(*(None if size is None else int(size) for size in row))


_QUESTIONS = {
    "mysql": """\
SELECT data_length, index_length FROM information_schema.tables
WHERE table_schema = COALESCE(:s_schema, DATABASE()) AND table_name = :s_table""",
    "postgresql": """\
SELECT pg_table_size(found.place), pg_indexes_size(found.place)
FROM (SELECT to_regclass(COALESCE(quote_ident(:s_schema) || '.', '') || quote_ident(:s_table))
AS place) AS found""",
    "sqlite": """\
SELECT sum(CASE WHEN name = :s_table THEN pgsize END),
sum(CASE WHEN name <> :s_table THEN pgsize END) FROM dbstat WHERE aggregate = TRUE
AND (:s_schema IS NULL OR schema = :s_schema) AND name IN (
SELECT name FROM sqlite_master WHERE tbl_name = :s_table)""",
}
"""Of each dialect that tells; SQLite does only if it was built with ``dbstat``."""


def size_table(sessions: SessionTable, dialect: Dialect) -> Executable | None:
    """Return what asks how large the table is; ``None`` if this dialect does not tell."""
    question = _QUESTIONS.get("mysql" if dialect.name == "mariadb" else dialect.name)
    if question is None:
        return None
    names = (bindparam(name, type_=String) for name in place_of(sessions))
    return text(question).bindparams(*names).columns(table=BigInteger, indexes=BigInteger)


def place_of(sessions: SessionTable) -> dict[str, str | None]:
    """Return the values for that question."""
    return {"s_table": sessions.table.name, "s_schema": sessions.table.schema}


def table_size(reply: Reply) -> TableSize:
    """Return what the database says of the table; nothing if there is none."""
    row = reply.rows[0] if reply.rows else (None, None)
    return TableSize(*(None if size is None else int(size) for size in row))
