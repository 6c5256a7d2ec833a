"""What a database lacks of the table that the statements need, and how to add it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column, Dialect

    from litestar_sessions._sql.table import SessionTable

__all__ = ("misfit",)


def misfit(sessions: SessionTable, dialect: Dialect, found: Iterable[str] | None) -> str | None:
    """Return what is wrong with a table, and the remedy; ``None`` if nothing is.

    Args:
        sessions: The table as the model has it.
        dialect: That of the database.
        found: The columns that the database has; ``None`` if it has no such table.
    """
    if found is None:
        return (
            f"The database has no table {sessions.table.fullname} for sessions: run your "
            "migrations, or have it created with create_table=True."
        )
    # Most databases do not care about their case.
    known = {name.lower() for name in found}
    lacking = [column for column in sessions.written if column.name.lower() not in known]
    if not lacking:
        return None
    names = ", ".join(column.name for column in lacking)
    changes = " ".join(change for column in lacking for change in _additions(column, dialect))
    return (
        f"The table {sessions.table.fullname} lacks columns for sessions ({names}): run your "
        f"migrations, or add them ({changes}), or drop the table and have it created anew."
    )


def _additions(column: Column[object], dialect: Dialect) -> Iterator[str]:
    quote = dialect.identifier_preparer
    try:
        kind = column.type.compile(dialect=dialect)
    except CompileError:  # a length is missing, which whoever created the table has given
        kind = str(column.type)
    table = quote.format_table(column.table)
    yield f"ALTER TABLE {table} ADD {quote.format_column(column)} {kind};"
    for index in column.table.indexes:
        if list(index.columns) == [column]:
            yield f"{CreateIndex(index).compile(dialect=dialect)};"
