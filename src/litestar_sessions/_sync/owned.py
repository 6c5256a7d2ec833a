# Generated from src/litestar_sessions/_async/owned.py (make generate): edit that, not this.
"""The verbs for all sessions of one owner."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from litestar_sessions._sync.verbs import Verbs
from litestar_sessions._sql.details import owner_key
from litestar_sessions._sql.infos import session_infos
from litestar_sessions._sql.owned import OwnedStatements, counts_by_owner
from litestar_sessions._sql.parameters import named

if TYPE_CHECKING:
    from litestar_sessions._sql.infos import SessionInfo

__all__ = ("OwnedVerbs",)


class OwnedVerbs(Verbs):
    """Lists and ends the sessions of an owner, each in one statement.

    Owners are any strings, and no two are the same that differ at all.
    """

    @cached_property
    def _owned(self) -> OwnedStatements:
        return OwnedStatements(self._statements.sessions)

    def list_owned(self, owner: str, *, limit: int = 100) -> list[SessionInfo]:
        """Return the live sessions of an owner, those first that were signed in last.

        Args:
            owner: Whose sessions.
            limit: How many, at most.

        Raises:
            ConfigurationError: The model has no owners; so do the other verbs for owners.
        """
        sought = self._of(owner, limit=max(limit, 0))  # SQLite takes a negative one for none
        answer = partial(session_infos, names=self._owned.told)
        return self._execution.read(self._owned.listed, sought, answer)

    def count_owned(self, *, limit: int = 10) -> dict[str, int]:
        """Return those owners who have most live sessions, and how many; it reads the whole table.

        An owner whom the column cannot hold exactly is named by the digest that it has instead.

        Args:
            limit: How many owners, at most.
        """
        sought = named({"now": self.clock(), "limit": limit})
        return self._patient_execution.read(self._owned.counted, sought, counts_by_owner)

    def end_owned(self, owner: str, *, only: Any = None, but: Any = None) -> int:
        """Remove the live sessions of an owner; return how many there were.

        What was saved before that call is gone when it returns, and no request that had loaded it
        brings it back. A session that gets this owner while the call is under way is a new one.

        Args:
            owner: Whose sessions.
            only: The primary key of the one session to remove, if it is the owner's.
            but: The primary key of one to keep.
        """
        if only is not None:
            return self._write(self._owned.end_one, self._of(owner, id=only))
        if but is not None:
            return self._write(self._owned.end_others, self._of(owner, id=but))
        return self._write(self._owned.end_all, self._of(owner))

    def end_oldest(self, owner: str, most: int) -> int:
        """Remove the oldest live sessions of an owner beyond so many; return how many there were.

        Args:
            owner: Whose sessions.
            most: How many to leave.
        """
        return self._write(self._owned.end_oldest, self._of(owner, limit=most))

    def _of(self, owner: str, **values: Any) -> dict[str, Any]:
        return named({"owner": owner_key(owner), "now": self.clock(), **values})
