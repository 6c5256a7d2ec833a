"""The values that the statements are run with.

Their names are ``s_key`` (a storage key; ``s_key_1`` and so on are the others under which a session
may be found, or those of other sessions), ``s_new_key``, ``s_kept``, ``s_id``, ``s_data``,
``s_expected``, ``s_digest``, ``s_expires_at`` and ``s_now``; those of the columns beyond the four
are named as these are.
The prefix keeps them apart from the columns of a model.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, auto
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from uuid_utils.compat import uuid7

from litestar_sessions._sql.keys import StoredKey
from litestar_sessions._sql.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar_sessions._sql.keys import SessionKeys
    from litestar_sessions._sql.records import StoredSession

__all__ = ("Leave", "SessionParameters", "key_names", "named")

_RANDOM_BITS = 80
"""The part of a UUIDv7 below its 48 bits of time (RFC 9562, section 5.7)."""


class Leave(IntEnum):
    """What a change of a session leaves as it is; a number, since Python hashes those by itself."""

    NOTHING = auto()
    EXPIRY = auto()
    KEY_AND_EXPIRY = auto()
    """In place: PostgreSQL makes no new entries in its indexes, and SQLite writes fewer pages."""

    @classmethod
    def of(cls, expires_at: datetime | None, new_id: str | None) -> Leave:
        """Return what is left if a session gets these; the key is written with the expiry."""
        if expires_at is not None:
            return cls.NOTHING
        return cls.KEY_AND_EXPIRY if new_id is None else cls.EXPIRY


class SessionParameters:
    """Makes parameters from session IDs.

    Args:
        keys: How session IDs are spelled.
        with_id: Whether a new row is to have a primary key of ours.
        with_time: Whether a row says when it was last written.
    """

    def __init__(self, keys: SessionKeys, *, with_id: bool, with_time: bool = False) -> None:
        self._keys = keys
        self._with_time = with_time
        self._with_id = with_id
        self._names = key_names(len(keys.spellings))
        self._keys_by_name = list(zip(self._names, keys.spellings, strict=True))

    def find(self, session_id: str, **values: Any) -> dict[str, Any]:
        """For a statement that finds a session by its ID."""
        found = named(values)
        if type(session_id) is StoredKey:
            found.update(dict.fromkeys(self._names, str(session_id)))
            return found
        for name, spell in self._keys_by_name:
            found[name] = spell(session_id)
        return found

    def among(self, keys: Sequence[str], **values: Any) -> dict[str, Any]:
        """For a statement that finds sessions by as many keys."""
        found = named(values)
        found.update(zip(key_names(len(keys)), keys, strict=True))
        return found

    def change(
        self,
        session_id: str,
        new_id: str | None = None,
        *,
        leave: Leave = Leave.NOTHING,
        **values: Any,
    ) -> dict[str, Any]:
        """For a statement that finds a session and writes its key, as it is spelled now.

        In place it writes none, where there is but one.
        """
        if leave is Leave.KEY_AND_EXPIRY and not self._keys.are_several:
            return self.find(session_id, **values)
        new_key = self._keys.current(session_id if new_id is None else new_id)
        return self.find(session_id, new_key=new_key, **values)

    def written_at(self, now: datetime) -> dict[str, datetime]:
        """Return what a statement needs that writes a row, whatever was in it."""
        return {"now": now} if self._with_time else {}

    def loaded(
        self, session: StoredSession, session_id: str | None = None, **values: Any
    ) -> dict[str, Any]:
        """For a statement that finds a session that was loaded, by that session ID."""
        found = named({"id": session.id, **values})
        if self._keys.are_several:
            keys = self._keys.all(StoredKey(session.key) if session_id is None else session_id)
            found.update(zip(self._names, keys, strict=True))
        return found

    def row(self, session_id: str, created_at: datetime, **values: Any) -> dict[str, Any]:
        """For a statement that writes the whole row; the primary key carries the time."""
        if self._with_id:
            values["id"] = _uuid7_of(created_at)
        values |= self.written_at(created_at)
        return {"s_key": self._keys.current(session_id), **named(values)}


@cache
def key_names(count: int) -> list[str]:
    """Return the names of the parameters for as many keys."""
    return ["s_key", *(f"s_key_{number}" for number in range(1, count))]


def named(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values by the names of their parameters; naive datetimes are taken as UTC."""
    return {
        f"s_{name}": as_utc(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _uuid7_of(moment: datetime) -> UUID:
    milliseconds = int(moment.timestamp() * 1000)
    chance = uuid7().int & ((1 << _RANDOM_BITS) - 1)
    return UUID(int=milliseconds << _RANDOM_BITS | chance)
