"""Deleting the expired in batches: how many at once, and how each database spells it."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Integer,
    any_,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    select,
    text,
    union_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, Select, TextClause

    from litestar_sessions._sql.table import SessionTable

__all__ = ("Batches", "purge")

# They take no LIMIT below an IN. The order of the join and its index are given, since the optimizer
# may begin with the table itself, and wait for every expired row that somebody else has locked.
_ON_MYSQL = """\
DELETE {table} FROM (
SELECT {id} FROM {table} WHERE {expires_at} <= :s_now{or_null}
ORDER BY {expires_at} LIMIT :s_limit FOR UPDATE SKIP LOCKED
) AS picked STRAIGHT_JOIN {table} FORCE INDEX (PRIMARY) ON {table}.{id} = picked.{id}
WHERE {table}.{expires_at} <= :s_now{or_null}"""
_OR_NULL = " OR {table}.{expires_at} IS NULL"

_LAST: ColumnElement[str] = literal_column("'9999-12-31 23:59:59.999999'")
"""What SQLite sorts after it is no timestamp: other text, and bytes."""


class Batches:
    """The limits of the batches of one run, for a loop to go through.

    The first one is always the same. From then on each is to take about as long as `AIM` says.

    Args:
        most: The highest limit.
        one_writes: Whether nobody else can write while a batch is deleted. Then limits may become
            low, and pauses are long enough for a writer who polls, as SQLite's do, to find one.
            Elsewhere few wait for a batch, if any, and low limits only make more of them.
        clock: What tells the seconds that pass.

    Raises:
        ValueError: The highest limit would delete nothing.
    """

    FIRST = 500
    LEAST = 100
    AIM = 0.04
    """How many seconds a batch is to take."""
    REST = 0.3
    """The pause after a batch, as a part of what it took."""
    LONGEST_PAUSE = 0.1

    def __init__(
        self, most: int, *, one_writes: bool, clock: Callable[[], float] = monotonic
    ) -> None:
        if most < 1:
            raise ValueError(f"A batch of {most} deletes nothing: let it have 1 at least.")
        self.total = 0
        """How many rows were deleted."""
        self._most = most
        self._least = min(most, self.LEAST if one_writes else self.FIRST)
        self._rest = self.REST if one_writes else 0
        self._clock = clock
        self._limit = min(most, self.FIRST)
        self._began: float
        self._is_last = False

    def __iter__(self) -> Iterator[int]:
        """Yield limits, until a batch is not full: whatever is left is not to be had."""
        while not self._is_last:
            self._began = self._clock()
            yield self._limit

    def pause_after(self, count: int) -> float:
        """Return how many seconds to wait, now that a batch has deleted so many rows."""
        duration = self._clock() - self._began
        self.total += count
        self._is_last = count < self._limit
        if self._is_last:
            return 0
        # By a factor of two at most: a busy moment, or SQLite's checkpoint, is no rule.
        factor = min(2, max(0.5, self.AIM / duration)) if duration else 2
        self._limit = max(self._least, min(self._most, round(self._limit * factor)))
        return min(self._rest * duration, self.LONGEST_PAUSE)


def purge(sessions: SessionTable, now: BindParameter[Any], dialect: Dialect) -> Executable:
    """Return a ``DELETE`` for the oldest sessions that are expired, ``s_limit`` at most.

    Two workers share the work, since each skips what the other has locked. Expiry is tested again
    by the ``DELETE`` itself: another request may have saved the session since the rows were picked.
    Rows without an expiry are of no session: ``NULL``, or on SQLite what is no timestamp.
    """
    limit = bindparam("s_limit", type_=Integer)
    if dialect.name in {"mysql", "mariadb"}:
        return _purge_on_mysql(sessions, dialect).bindparams(now, limit)
    expired = _expired(sessions, now)
    key = column("ctid") if dialect.name == "postgresql" else sessions.id
    # In no order beyond that: rows that expire at the same moment would be sorted for each batch.
    oldest = select(key).select_from(sessions.table).where(expired)
    oldest = oldest.order_by(sessions.expires_at).limit(limit)
    if dialect.name == "mssql":
        # Or SQLAlchemy leaves out the order below the IN, without which SQL Server takes no FETCH.
        oldest = oldest.offset(0)
    # Below an IN they may be picked once for each row, and so too many: an array and a CTE are made
    # once. Where a row is does not change while it is locked.
    if dialect.name == "postgresql":
        places = func.array(oldest.with_for_update(skip_locked=True).scalar_subquery())
        return delete(sessions.table).where(expired, key == any_(places))
    if dialect.name == "cockroachdb":
        picked = oldest.with_for_update(skip_locked=True).cte("picked")
        oldest = select(picked.c.id)
    if dialect.name == "sqlite":
        return _purge_on_sqlite(sessions, expired, oldest)
    return delete(sessions.table).where(expired, key.in_(oldest))


def _purge_on_sqlite(
    sessions: SessionTable, expired: ColumnElement[bool], oldest: Select[Any]
) -> Executable:
    """Have what is no timestamp go too: columns take whatever they are given."""
    unreadable = sessions.expires_at > _LAST
    # Not an OR beside the IN, by which all of this would take half as long again.
    picked = union_all(select(oldest.subquery()), select(sessions.id).where(unreadable))
    return delete(sessions.table).where(expired | unreadable, sessions.id.in_(picked))


def _expired(sessions: SessionTable, now: ColumnElement[Any]) -> ColumnElement[bool]:
    expired = sessions.expires_at <= now
    return expired | sessions.expires_at.is_(None) if sessions.expires_at.nullable else expired


def _purge_on_mysql(sessions: SessionTable, dialect: Dialect) -> TextClause:
    quote = dialect.identifier_preparer
    names = {
        "table": quote.format_table(sessions.table),
        "id": quote.format_column(sessions.id),
        "expires_at": quote.format_column(sessions.expires_at),
    }
    or_null = _OR_NULL.format(**names) if sessions.expires_at.nullable else ""
    return text(_ON_MYSQL.format(**names, or_null=or_null))
