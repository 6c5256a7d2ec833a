# The source of a generated twin: see CONTRIBUTING.md.
"""The verbs that look at a table and its database as they are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from litestar_sessions._async.measuring import MeasuringVerbs
from litestar_sessions._drivers.compat import call_with_async_connection
from litestar_sessions._drivers.loops import engine_in_loop
from litestar_sessions._sql.fitting import misfits, table_facts
from litestar_sessions._sql.key_counts import count_keys, key_counts
from litestar_sessions._sql.parameters import named
from litestar_sessions._sql.serving import ServerFacts, ask_server, server_facts

if TYPE_CHECKING:
    from litestar_sessions._sql.fitting import Problem
    from litestar_sessions._sql.key_counts import KeyCounts

__all__ = ("InspectingVerbs",)


class InspectingVerbs(MeasuringVerbs):
    """Compares the table with its model, and asks the database for what it knows of itself."""

    async def find_misfits(self) -> list[Problem]:
        """Find what the table lacks or has in another form than the model, each with its remedy."""
        sessions = self._statements.sessions
        engine = self._patient_execution.engine
        look = partial(table_facts, sessions=sessions)
        async with engine_in_loop(engine).connect() as connection:
            facts = await call_with_async_connection(connection, look)
        return list(misfits(sessions, engine.dialect, facts))

    async def ask_server(self) -> ServerFacts:
        """Find out what time the server has, and how many connections it takes."""
        question = ask_server(self._execution.engine.dialect)
        if question is None:
            return ServerFacts()
        return await self._patient_execution.read(question, {}, server_facts)

    async def count_keys(self) -> KeyCounts:
        """Count the live sessions under each secret and spelling; that reads the whole table."""
        question = count_keys(self._statements.sessions, self._execution.engine.dialect)
        values = named({"now": self.clock()})
        return await self._patient_execution.read(question, values, key_counts)
