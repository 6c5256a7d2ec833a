"""How many sessions there are, and how many were made and seen of late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, case, func, select

from litestar_sessions._sql.parameters import named
from litestar_sessions._sql.table import bind_type

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Dialect, Select
    from sqlalchemy.sql.elements import ColumnElement

    from litestar_sessions._sql.records import Reply
    from litestar_sessions._sql.table import SessionTable

__all__ = ("SessionCount", "SessionCounts")

_WINDOWS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_RANDOM_BITS = 80
"""The part of a UUIDv7 below its 48 bits of time (RFC 9562, section 5.7)."""


@dataclass(frozen=True)
class SessionCounts:
    """How many sessions a table has."""

    live: int
    expired: int
    made: dict[str, int] = field(default_factory=dict)
    """How many were made in the last hour, day and week; empty if the rows do not tell."""
    seen: dict[str, int] = field(default_factory=dict)
    """How many were last saved or renewed then; empty if no lifetime is given."""


class SessionCount:
    """One statement that counts, the values for it, and what its answer means.

    Args:
        sessions: The table.
        dialect: That of the database; SQL Server does not compare UUIDs by their first bytes.
        lifetime: How long a session lives from when it is seen.
    """

    def __init__(
        self, sessions: SessionTable, dialect: Dialect, lifetime: timedelta | None
    ) -> None:
        self._sessions = sessions
        self._lifetime = lifetime
        self._tells_age = sessions.has_uuids and dialect.name != "mssql"

    def statement(self) -> Select[Any]:
        """Return it."""
        sessions = self._sessions
        expires_at = partial(bindparam, type_=bind_type(sessions.expires_at))
        columns: list[ColumnElement[Any]] = [
            func.count(),
            _count(sessions.expires_at > expires_at("s_now")),
        ]
        if self._tells_age:
            made = (bindparam(f"s_made_{name}", type_=sessions.id.type) for name in _WINDOWS)
            columns += [_count(sessions.id >= bound) for bound in made]
        if self._lifetime is not None:
            columns += [_count(sessions.expires_at >= expires_at(f"s_seen_{n}")) for n in _WINDOWS]
        return select(*columns).select_from(sessions.table)

    def values(self, now: datetime) -> dict[str, Any]:
        """Return those for a moment."""
        found: dict[str, Any] = {"now": now}
        for name, window in _WINDOWS.items():
            if self._tells_age:
                found[f"made_{name}"] = _first_id(now - window)
            if self._lifetime is not None:
                found[f"seen_{name}"] = now + self._lifetime - window
        return named(found)

    def answer(self, reply: Reply) -> SessionCounts:
        """Return what the database has counted."""
        (row,) = reply.rows
        found, live, *others = map(int, row)
        rest = iter(others)
        made = {name: next(rest) for name in _WINDOWS} if self._tells_age else {}
        seen = dict(zip(_WINDOWS, rest, strict=False))  # there is nothing more without a lifetime
        return SessionCounts(live, found - live, made, seen)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _first_id(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1_000) << _RANDOM_BITS)
