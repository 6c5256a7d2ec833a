# Generated from src/litestar_sessions/_async/tables.py (make generate): edit that, not this.
"""Creating tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import false, inspect, literal_column, select
from sqlalchemy.exc import DBAPIError

from litestar_sessions._drivers.compat import sync_sleep, call_with_connection
from litestar_sessions._drivers.here import engine_here
from litestar_sessions._drivers.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Select, Table
    from sqlalchemy import Engine

__all__ = ("create_missing", "find_columns")


def create_missing(engine: Engine, create: Callable[..., None]) -> None:
    """Create what is missing, also while other processes do the same.

    Args:
        engine: The database.
        create: SQLAlchemy's ``create`` of a table or ``create_all`` of a metadata.
    """
    retries = Retries()
    while True:
        with engine_here(engine).connect() as connection:
            try:
                call_with_connection(connection, partial(create, checkfirst=True))
                connection.commit()
            except DBAPIError as error:
                pause = retries.pause_after(error, conflict=True)
            else:
                return
        # Another process may have created it since it was found missing.
        sync_sleep(pause)


def find_columns(engine: Engine, table: Table) -> list[str] | None:
    """Return the names of the columns that the database has; ``None`` if it lacks the table."""

    def look(connection: Connection) -> list[str] | None:
        if not inspect(connection).has_table(table.name, table.schema):
            return None
        # Not every dialect can tell the columns of a table, but every one those of a reply.
        nothing: Select[Any] = select(literal_column("*")).select_from(table).where(false())
        return list(connection.execute(nothing).keys())

    with engine_here(engine).connect() as connection:
        return call_with_connection(connection, look)
