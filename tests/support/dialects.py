"""The dialects of databases, also of those that are not here, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect

if TYPE_CHECKING:
    from sqlalchemy import Dialect

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


def dialect_named(name: str) -> Dialect:
    dialect = DefaultDialect()
    dialect.name = name
    return dialect


def sql(statement: Any, dialect: Dialect) -> str:
    return " ".join(str(statement.compile(dialect=dialect)).split())
