# The source of a generated twin: see CONTRIBUTING.md.
"""Creating tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from litestar_sessions._drivers.compat import async_sleep, call_with_async_connection
from litestar_sessions._drivers.loops import engine_in_loop
from litestar_sessions._drivers.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Table
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
        try:
            columns = inspect(connection).get_columns(table.name, table.schema)
        except NoSuchTableError:
            return None
        return [column["name"] for column in columns]

    async with engine_in_loop(engine).connect() as connection:
        found = await call_with_async_connection(connection, look)
        return found or None
