# The source of a generated twin: see CONTRIBUTING.md.
"""Creating tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import false, inspect, literal_column, select
from sqlalchemy.exc import DBAPIError

from litestar_sessions._drivers.compat import async_sleep, call_with_async_connection
from litestar_sessions._drivers.loops import engine_in_loop
from litestar_sessions._drivers.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Select, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("create_missing", "find_columns")


async def create_missing(engine: AsyncEngine, create: Callable[..., None]) -> None:
    """Create what is missing, also while other processes do the same.

    Args:
        engine: The database.
        create: SQLAlchemy's ``create`` of a table or ``create_all`` of a metadata.
    """
    retries = Retries()
    while True:
        async with engine_in_loop(engine).connect() as connection:
            try:
                await call_with_async_connection(connection, partial(create, checkfirst=True))
                await connection.commit()
            except DBAPIError as error:
                pause = retries.pause_after(error, conflict=True)
            else:
                return
        # Another process may have created it since it was found missing.
        await async_sleep(pause)


async def find_columns(engine: AsyncEngine, table: Table) -> list[str] | None:
    """Return the names of the columns that the database has; ``None`` if it lacks the table."""

    def look(connection: Connection) -> list[str] | None:
        if not inspect(connection).has_table(table.name, table.schema):
            return None
        # Not every dialect can tell the columns of a table, but every one those of a reply.
        nothing: Select[Any] = select(literal_column("*")).select_from(table).where(false())
        return list(connection.execute(nothing).keys())

    async with engine_in_loop(engine).connect() as connection:
        return await call_with_async_connection(connection, look)
