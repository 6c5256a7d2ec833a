# The source of a generated twin: see CONTRIBUTING.md.
"""The verb that gives sessions of former settings the keys of the present ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from litestar_sessions._async.verbs import Verbs
from litestar_sessions._drivers.failures import violates_constraint
from litestar_sessions._sql.keys import plain
from litestar_sessions._sql.parameters import named
from litestar_sessions._sql.records import whole
from litestar_sessions._sql.taking_over import plain_ones, rekey
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from sqlalchemy import Update

__all__ = ("TakingOverVerbs",)


class TakingOverVerbs(Verbs):
    """Turns plain session IDs into digests."""

    async def take_over(
        self, *, batch_size: int = 500, on_batch: Callable[[int], object] | None = None
    ) -> int:
        """Give live sessions whose IDs stand in the table as they are the keys of this storage.

        Each is one statement, so that requests go on meanwhile; they find sessions under both keys
        as long as ``take_over="plain"`` is set. What ends early is continued by the next call. A
        session that has a second row under the new key is left: whoever uses it unites the two.

        Args:
            batch_size: How many to read at once, at most.
            on_batch: What is told after each batch how many have been taken over so far.

        Returns:
            How many got another key.

        Raises:
            ConfigurationError: This storage writes plain IDs itself.
        """
        if self._keys.spellings[0] is plain:
            raise ConfigurationError(
                "Session IDs are stored as they are: leave out hash_session_ids=False first.",
            )
        total, statement = 0, rekey(self._statements.sessions)
        rows: Sequence[Sequence[Any]] = await self._plain_ones(batch_size)
        while rows:
            for primary_key, key in rows:
                total += await self._rekey(statement, primary_key, key)
            if on_batch is not None:
                on_batch(total)
            last, _ = rows[-1]
            rows = await self._plain_ones(batch_size, id=last)
        return total

    async def _plain_ones(self, limit: int, **after: Any) -> Sequence[Sequence[Any]]:
        question = plain_ones(self._statements.sessions, are_first=not after)
        values = named({"limit": limit, "now": self.clock(), **after})
        reply = await self._patient_execution.read(question, values, whole)
        return reply.rows

    async def _rekey(self, statement: Update, primary_key: Any, key: str) -> int:
        values = named({"id": primary_key, "key": key, "new_key": self._keys.current(key)})
        try:
            return await self._write_patiently(statement, values)
        except DBAPIError as error:
            if not violates_constraint(error):
                raise
            return 0
