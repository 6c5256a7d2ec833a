# The source of a generated twin: see CONTRIBUTING.md.
"""The verbs that change nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from litestar_sessions._async.verbs import Verbs
from litestar_sessions._sql.records import stored_sessions
from litestar_sessions._sql.sizes import groups_of, padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar_sessions._sql.records import StoredSession

__all__ = ("ReadingVerbs",)


class ReadingVerbs(Verbs):
    """Finds sessions."""

    async def load(self, session_id: str) -> StoredSession | None:
        """Return a live session, or ``None`` if there is none; change nothing.

        Raises:
            SessionDamagedError: A column holds what is no value of it; the other verbs that return
                a session raise that too.
        """
        sought = self._parameters.find(session_id, now=self.clock())
        return await self._execution.read(self._statements.load, sought, self._answer)

    async def load_many(self, session_ids: Sequence[str]) -> dict[str, StoredSession]:
        """Return the live ones among many sessions, by their IDs and in that order; change nothing.

        Those are left out that `load` would not find. It is one statement for each 64 IDs, or fewer
        where an ID has many spellings; without an ID none is sent.
        """
        found: dict[str, StoredSession] = {}
        now = self.clock()
        for keys in groups_of(session_ids, self._keys):
            sought = self._parameters.among(padded(keys), now=now)
            answer = partial(stored_sessions, keys=keys, names=self._loaded)
            statement = self._statements.load_many(len(sought) - 1)
            found |= await self._execution.read(statement, sought, answer)
        return found

    async def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> StoredSession | None:
        """Return a session as it is now; ``None`` if it is not live any more.

        It is found under another session ID too; its key tells.

        Args:
            session: What was loaded.
            session_id: By which ID. Where IDs have several spellings, the session may have got
                another row under one of them meanwhile, which is found by it.
        """
        sought = self._parameters.loaded(session, session_id, now=self.clock())
        return await self._execution.read(self._statements.reload, sought, self._answer)

    async def _find(self, session_id: str) -> StoredSession | None:
        """Return a session, live or expired."""
        sought = self._parameters.find(session_id)
        return await self._execution.read(self._statements.find, sought, self._answer)
