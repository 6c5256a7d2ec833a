"""How the databases spell it: delete so many expired sessions, but wait for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, text

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Dialect, Executable

    from litestar_sessions.table import SessionTable

__all__ = ("purge",)

_WITH_SKIP_LOCKED = {"postgresql", "cockroachdb"}

# They take no LIMIT below an IN. The order of the join and its index are given, since the optimizer
# may begin with the table itself, and wait for every expired row that somebody else has locked.
_ON_MYSQL = """\
DELETE {table} FROM (
SELECT {id} FROM {table} WHERE {expires_at} <= :s_now
ORDER BY {expires_at}, {id} LIMIT :s_limit FOR UPDATE SKIP LOCKED
) AS picked STRAIGHT_JOIN {table} FORCE INDEX (PRIMARY) ON {table}.{id} = picked.{id}
WHERE {table}.{expires_at} <= :s_now"""


def purge(
    sessions: SessionTable, now: BindParameter[object], limit: int, dialect: Dialect
) -> Executable:
    """Return a ``DELETE`` for the oldest sessions that are expired.

    Two workers share the work, since each skips what the other has locked. Expiry is tested again
    by the ``DELETE`` itself: another request may have saved the session since the rows were picked.
    """
    if dialect.name in {"mysql", "mariadb"}:
        quote = dialect.identifier_preparer
        sql = _ON_MYSQL.format(
            table=quote.format_table(sessions.table),
            id=quote.format_column(sessions.id),
            expires_at=quote.format_column(sessions.expires_at),
        )
        return text(sql).bindparams(now, bindparam("s_limit", limit))
    expired = sessions.expires_at <= now
    oldest = select(sessions.id).where(expired).order_by(sessions.expires_at, sessions.id)
    oldest = oldest.limit(limit)
    if dialect.name in _WITH_SKIP_LOCKED:
        # By itself below the IN it may run once for each row, and pick more than the limit.
        picked = oldest.with_for_update(skip_locked=True).cte("picked")
        oldest = select(picked.c.id)
    return delete(sessions.table).where(expired, sessions.id.in_(oldest))
