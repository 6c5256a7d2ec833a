"""Asking asyncpg itself, without the cursor that SQLAlchemy's adapter makes for every statement.

That cursor looks up what was prepared, describes its columns and copies its rows, which takes about
half as long as asyncpg takes for all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.util import await_only

from litestar_sessions._drivers.compiled import CompiledStatement

if TYPE_CHECKING:
    from sqlalchemy import PoolProxiedConnection

    from litestar_sessions._drivers.compiled import Answer

__all__ = ("AsyncpgStatement",)


class AsyncpgStatement(CompiledStatement):
    """A statement that asyncpg prepares, and keeps prepared, for each of its connections."""

    def ask(self, connection: PoolProxiedConnection, parameters: Any) -> Answer:
        """Return the rows that asyncpg has, and how many the statement matched.

        Raises:
            Exception: One that SQLAlchemy's adapter makes of asyncpg's.
        """
        if self.processors is None:
            return super().ask(connection, parameters)  # whose cursor tells the types of columns
        driver: Any = connection.driver_connection
        try:
            if self.processors:
                rows = await_only(driver.fetch(self.sql, *parameters))
                return rows, len(rows)
            status = await_only(driver.execute(self.sql, *parameters))
        except Exception as error:
            adapter: Any = connection.dbapi_connection
            adapter._handle_exception(error)  # noqa: SLF001 - as the adapter's own cursor does
            raise
        return (), int(status.rpartition(" ")[2])
