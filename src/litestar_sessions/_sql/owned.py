"""The statements for all sessions of one owner."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, case, delete, func, select

from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import bind_type

if TYPE_CHECKING:
    from sqlalchemy import Delete, Select
    from sqlalchemy.sql.elements import ColumnElement

    from litestar_sessions._sql.records import Reply
    from litestar_sessions._sql.table import SessionTable

__all__ = ("OwnedStatements", "counts_by_owner")

_TOLD = ("owner", "owner_bytes", "signed_in_at", "last_seen_at", "user_agent", "ip_address")


def counts_by_owner(reply: Reply) -> dict[str, int]:
    """Return how many sessions each owner in a reply has."""
    return {owner: int(count) for owner, count in reply.rows}


class OwnedStatements:
    """What is asked and ended by ``s_owner``, each built when it is first used.

    Raises:
        ConfigurationError: The model has no owners.
    """

    def __init__(self, sessions: SessionTable) -> None:
        require_extras(sessions, "Sessions of an owner", "owner", "owner_bytes", "signed_in_at")
        self._sessions = sessions
        self.told = [name for name in _TOLD if name in sessions.extras]
        """The names of the columns that follow the primary key and the expiry."""
        self._id = bindparam("s_id", type_=sessions.id.type)
        owner, signed_in_at = sessions.extras["owner"], sessions.extras["signed_in_at"]
        self._now = bindparam("s_now", type_=bind_type(sessions.expires_at))
        self._limit = bindparam("s_limit", type_=Integer)
        is_owned: ColumnElement[bool] = owner == bindparam("s_owner", type_=owner.type)
        self._live = is_owned & (sessions.expires_at > self._now)
        # Databases do not agree on where nulls come.
        is_known = case((signed_in_at.is_(None), 1), else_=0)
        self._newest_first = (is_known, signed_in_at.desc(), sessions.id.desc())

    @cached_property
    def listed(self) -> Select[Any]:
        """The newest live ones, ``s_limit`` at most."""
        sessions = self._sessions
        told = [sessions.extras[name] for name in self.told]
        found = select(sessions.id, sessions.expires_at, *told).where(self._live)
        return found.order_by(*self._newest_first).limit(self._limit)

    @cached_property
    def counted(self) -> Select[Any]:
        """Those who have most live sessions, ``s_limit`` at most, and how many."""
        sessions, owner = self._sessions, self._sessions.extras["owner"]
        many = func.count().label("many")
        owned = select(owner, many).where(owner.is_not(None), sessions.expires_at > self._now)
        return owned.group_by(owner).order_by(many.desc(), owner).limit(self._limit)

    @cached_property
    def end_all(self) -> Delete:
        """Every live one."""
        return delete(self._sessions.table).where(self._live)

    @cached_property
    def end_one(self) -> Delete:
        """The one with the primary key ``s_id``."""
        return self.end_all.where(self._sessions.id == self._id)

    @cached_property
    def end_others(self) -> Delete:
        """Every live one but that with the primary key ``s_id``."""
        return self.end_all.where(self._sessions.id != self._id)

    @cached_property
    def end_oldest(self) -> Delete:
        """The oldest live ones beyond ``s_limit``.

        They are picked below a ``FROM``, since MySQL reads the table that it changes, and takes a
        limit, nowhere else. Whoever signs in at the same moment picks by the same order, so that
        none is ended for another one that is ended too.
        """
        key = self._sessions.id
        newest = select(key.label("picked")).where(self._live)
        beyond = newest.order_by(*self._newest_first).offset(self._limit)
        picked = beyond.subquery("beyond")
        return self.end_all.where(key.in_(select(picked.c.picked)))
