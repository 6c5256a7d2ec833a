# The source of a generated twin: see CONTRIBUTING.md.
"""The storage: sessions as rows of a table, and a few verbs for them."""

from __future__ import annotations

from litestar_sessions._async.inspecting import InspectingVerbs
from litestar_sessions._async.owned import OwnedVerbs
from litestar_sessions._async.removing import RemovingVerbs
from litestar_sessions._async.rotating import RotatingVerbs
from litestar_sessions._async.tables import create_missing, find_columns
from litestar_sessions._async.taking_over import TakingOverVerbs
from litestar_sessions._sql.misfits import misfit
from litestar_sessions.exceptions import ConfigurationError

__all__ = ("AsyncSessionStorage",)


class AsyncSessionStorage(
    RotatingVerbs, RemovingVerbs, OwnedVerbs, InspectingVerbs, TakingOverVerbs
):
    """Sessions in one table of one database.

    A session is live while ``expires_at`` is later than the clock. Every verb takes any string as
    a session ID, is a single statement wherever the database allows, and may meet any other verb
    at the same moment: deadlocks and serialization failures are tried again, and so is, once, what
    met a connection that had died since it was last used.

    Args:
        engine: Where the table is. It is used in autocommit if that costs nothing.
        model: The mapped class of the table.
        clock: What returns the current time, aware.
        save_by: How to save; by default in the best way that the dialect has.
        keys: How session IDs are spelled in the table.
        patient_engine: What creates the table and deletes many sessions; by default the engine.
        details: Which details are loaded with each session, besides data and expiry.

    Raises:
        ConfigurationError: The model cannot hold sessions, or the dialect cannot save that way.
    """

    async def create_table(self) -> None:
        """Create the table and its indexes if they are missing; several processes may do so."""
        await create_missing(self._patient_execution.engine, self._statements.table.create)

    async def has_table(self) -> bool:
        """Tell whether the table is there."""
        return await self._find_columns() is not None

    async def check_table(self) -> None:
        """See that the table is there, with every column that the statements name.

        Raises:
            ConfigurationError: It is not; the message names the remedy.
        """
        found = await self._find_columns()
        problem = misfit(self._statements.sessions, self._execution.engine.dialect, found)
        if problem is not None:
            raise ConfigurationError(problem)

    async def _find_columns(self) -> list[str] | None:
        return await find_columns(self._patient_execution.engine, self._statements.table)
