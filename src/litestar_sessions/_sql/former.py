"""The statement that finds sessions by the session IDs that they had before."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from litestar_sessions._sql.clauses import SessionClauses
from litestar_sessions._sql.details import FORMER
from litestar_sessions._sql.parameters import key_names
from litestar_sessions._sql.records import Reply, stored_session
from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import bind_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Select

    from litestar_sessions._sql.keys import SessionKeys
    from litestar_sessions._sql.records import StoredSession
    from litestar_sessions._sql.table import SessionTable

__all__ = ("FormerStatements", "sessions_by_former_id")


class FormerStatements:
    """Finds what was rotated after ``s_since``, by a key of before.

    Raises:
        ConfigurationError: The model does not remember former session IDs.
    """

    def __init__(self, sessions: SessionTable, keys: SessionKeys, loaded: Sequence[str]) -> None:
        require_extras(sessions, "A former session ID", *FORMER)
        self.names = tuple(dict.fromkeys((*loaded, *FORMER)))
        """The names of the columns that follow the four."""
        self._sessions = sessions
        self._parts = SessionClauses(sessions, keys, self.names)
        self._by_count: dict[int, Select[Any]] = {}

    def load(self, count: int) -> Select[Any]:
        """The live ones that had one of as many keys."""
        if count not in self._by_count:
            found = self._had(count) & self._is_recent & self._parts.not_expired
            self._by_count[count] = select(*self._parts.shown).where(found)
        return self._by_count[count]

    def _had(self, count: int) -> Any:
        former = self._sessions.extras["former_session_id"]
        return former.in_([bindparam(name, type_=former.type) for name in key_names(count)])

    @cached_property
    def _is_recent(self) -> Any:
        rotated_at = self._sessions.extras["rotated_at"]
        return rotated_at > bindparam("s_since", type_=bind_type(rotated_at))


def sessions_by_former_id(
    reply: Reply, keys: Mapping[str, Iterable[str]], names: Sequence[str]
) -> dict[str, StoredSession]:
    """Return the sessions in a reply by their former IDs, of which each has its keys."""
    found = [stored_session(Reply([row], 1), names) for row in reply.rows]
    by_key = {each.details["former_session_id"]: each for each in found if each and each.details}
    return {
        session_id: by_key[key]
        for session_id, known in keys.items()
        for key in known
        if key in by_key
    }
