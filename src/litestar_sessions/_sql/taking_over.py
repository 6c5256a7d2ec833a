"""Statements that give sessions other keys, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, select, update

from litestar_sessions._sql.keys import DIGESTS
from litestar_sessions._sql.table import bind_type

if TYPE_CHECKING:
    from sqlalchemy import Select, Update

    from litestar_sessions._sql.table import SessionTable

__all__ = ("plain_ones", "rekey")


def plain_ones(sessions: SessionTable, *, are_first: bool) -> Select[Any]:
    """Return what finds live sessions under plain IDs, ``s_limit`` at most, by primary key.

    Args:
        sessions: The table.
        are_first: Whether to begin at the beginning, or after ``s_id``.
    """
    key, now = sessions.session_id, bindparam("s_now", type_=bind_type(sessions.expires_at))
    are_plain = (~key.startswith(digest) for digest in DIGESTS)
    found = select(sessions.id, key).where(sessions.expires_at > now, *are_plain)
    if not are_first:
        found = found.where(sessions.id > bindparam("s_id", type_=sessions.id.type))
    return found.order_by(sessions.id).limit(bindparam("s_limit", type_=Integer))


def rekey(sessions: SessionTable) -> Update:
    """Return what gives a session another key, if nobody else has given it one."""
    key = sessions.session_id
    old, new = (bindparam(name, type_=key.type) for name in ("s_key", "s_new_key"))
    is_it = sessions.id == bindparam("s_id", type_=sessions.id.type)
    return update(sessions.table).where(is_it, key == old).values({key: new})
