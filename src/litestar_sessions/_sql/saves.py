"""How the databases spell it: create this session, or replace it if it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import BindParameter, TextClause, bindparam, text
from sqlalchemy.dialects import mysql, postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, Dialect, Insert
    from sqlalchemy.sql.elements import ColumnElement

    from litestar_sessions._sql.table import SessionTable

    Row = Mapping[Column[Any], ColumnElement[Any]]

__all__ = ("merge", "upsert")


def upsert(sessions: SessionTable, row: Row, dialect: Dialect) -> Insert:
    """Return an ``INSERT`` that updates data and expiry if the session ID has a row.

    CockroachDB spells it as PostgreSQL does.
    """
    values = {column.key: value for column, value in row.items()}
    generated = {column.key: value for column, value in _generated_on_update(sessions).items()}
    replaced = [column.key for column in row if column not in {sessions.id, sessions.session_id}]
    if dialect.name in {"mysql", "mariadb"}:
        on_duplicate = mysql.insert(sessions.table).values(values)
        inserted = {key: on_duplicate.inserted[key] for key in replaced}
        return on_duplicate.on_duplicate_key_update(inserted | generated)
    insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    on_conflict = insert(sessions.table).values(values)
    excluded = {key: on_conflict.excluded[key] for key in replaced}
    return on_conflict.on_conflict_do_update(
        index_elements=[sessions.session_id], set_=excluded | generated
    )


_MERGE = {
    "oracle": """\
MERGE INTO {table} USING (SELECT {key} AS sought FROM DUAL) incoming
ON ({table}.{key_column} = incoming.sought)
WHEN MATCHED THEN UPDATE SET {changes}
WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})""",
    # It has to hold the range that it looked at, or two at once would both insert (SQL Server's
    # manual: MERGE, concurrency considerations), and it ends with a semicolon.
    "mssql": """\
MERGE INTO {table} WITH (HOLDLOCK) USING (SELECT {key} AS sought) incoming
ON ({table}.{key_column} = incoming.sought)
WHEN MATCHED THEN UPDATE SET {changes}
WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values});""",
}


def merge(sessions: SessionTable, row: Row, dialect: Dialect) -> TextClause:
    """Return a ``MERGE`` for Oracle or SQL Server; SQLAlchemy has no construct for it."""
    key = sessions.session_id
    inserted = _generated_on_insert(sessions) | dict(row)
    replaced = {column: row[column] for column in row if column not in {sessions.id, key}}
    updated = replaced | _generated_on_update(sessions)
    quote = dialect.identifier_preparer
    sql = _MERGE[dialect.name].format(
        table=quote.format_table(sessions.table),
        key=_spell(row[key], dialect),
        key_column=quote.format_column(key),
        changes=", ".join(
            f"{quote.format_column(column)} = {_spell(value, dialect)}"
            for column, value in updated.items()
        ),
        columns=", ".join(quote.format_column(column) for column in inserted),
        values=", ".join(_spell(value, dialect) for value in inserted.values()),
    )
    bound = {v for v in (*inserted.values(), *updated.values()) if isinstance(v, BindParameter)}
    return text(sql).bindparams(*bound)


def _generated_on_insert(sessions: SessionTable) -> dict[Column[Any], ColumnElement[Any]]:
    return {
        column: _generated(column.default, column, "inserted")
        for column in sessions.table.columns
        if column.default is not None and column.default.has_arg
    }


def _generated_on_update(sessions: SessionTable) -> dict[Column[Any], ColumnElement[Any]]:
    return {
        column: _generated(column.onupdate, column, "updated")
        for column in sessions.table.columns
        if column.onupdate is not None
    }


def _generated(default: Any, column: Column[Any], moment: str) -> ColumnElement[Any]:
    """Return what SQLAlchemy itself only generates in a plain ``INSERT`` or ``UPDATE``."""
    name = f"s_{column.key}_{moment}"
    if default.is_callable:
        return bindparam(name, callable_=lambda: default.arg(None), type_=column.type)
    if default.is_clause_element:
        return cast("ColumnElement[Any]", default.arg)
    return bindparam(name, default.arg, type_=column.type)


def _spell(value: ColumnElement[Any], dialect: Dialect) -> str:
    if isinstance(value, BindParameter):
        return f":{value.key}"
    return str(value.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
