# The source of a generated twin: see CONTRIBUTING.md.
"""The verbs that tell how many sessions there are, and how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from litestar_sessions._async.verbs import Verbs
from litestar_sessions._sql.counting import SessionCount
from litestar_sessions._sql.measures import (
    TableSize,
    data_sizes,
    place_of,
    size_data,
    size_table,
    table_size,
)

if TYPE_CHECKING:
    from datetime import timedelta

    from litestar_sessions._sql.counting import SessionCounts
    from litestar_sessions._sql.measures import DataSizes

__all__ = ("MeasuringVerbs",)


class MeasuringVerbs(Verbs):
    """Counts and measures; that reads the whole table, and no request waits for it."""

    async def count(self, *, lifetime: timedelta | None = None) -> SessionCounts:
        """Count the sessions.

        Args:
            lifetime: How long a session lives from when it is seen (``max_age``), which tells when
                each one was.
        """
        counting = SessionCount(self._statements.sessions, self._execution.engine.dialect, lifetime)
        values = counting.values(self.clock())
        return await self._patient_execution.read(counting.statement(), values, counting.answer)

    async def measure_data(self) -> DataSizes:
        """Find out how large the data of the sessions is, live or expired."""
        question = size_data(self._statements.sessions, self._execution.engine.dialect)
        return await self._patient_execution.read(question, {}, data_sizes)

    async def measure_table(self) -> TableSize:
        """Find out how large the table and its indexes are, as far as the database tells."""
        sessions = self._statements.sessions
        question, place = size_table(sessions, self._execution.engine.dialect), place_of(sessions)
        if question is None:
            return TableSize(None, None)
        try:
            return await self._patient_execution.read(question, place, table_size)
        except DBAPIError:  # it tells others, or was built without
            return TableSize(None, None)
