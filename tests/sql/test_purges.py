"""How the expired are deleted: the statement of each database, and how large batches are."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from sqlalchemy.dialects import mssql, postgresql

from litestar_sessions._sql.purges import Batches
from litestar_sessions._sql.statements import SessionStatements
from tests.support.dialects import DIALECTS, MYSQL, SQL_SERVER, sql
from tests.support.models import UserSession


@pytest.mark.parametrize("grammar", DIALECTS)
def test_the_expired_are_deleted_in_bounded_batches_and_tested_again(grammar: str) -> None:
    statement = SessionStatements(UserSession, DIALECTS[grammar]).delete_expired
    text = sql(statement, DIALECTS[grammar])
    assert "DELETE " in text
    assert text.count("expires_at <= :s_now") == 2
    assert text.count(":s_limit") == 1
    assert len(sqlglot.parse(text, dialect=grammar)) == 1


@pytest.mark.parametrize("is_old", [False, True])
def test_sql_server_deletes_the_oldest_first(is_old: bool) -> None:
    dialect: Any = mssql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has it so
    dialect._supports_offset_fetch = not is_old  # found out when it connects
    text = sql(SessionStatements(UserSession, dialect).delete_expired, dialect)
    assert "ORDER BY user_sessions.expires_at" in text
    assert ("ROW_NUMBER" in text) is is_old


def test_mysql_begins_with_the_expired_that_nobody_else_is_deleting() -> None:
    statement = SessionStatements(UserSession, MYSQL).delete_expired
    assert sql(statement, MYSQL) == (
        "DELETE user_sessions FROM ( SELECT id FROM user_sessions WHERE expires_at <= :s_now "
        "ORDER BY expires_at LIMIT :s_limit FOR UPDATE SKIP LOCKED ) AS picked "
        "STRAIGHT_JOIN user_sessions FORCE INDEX (PRIMARY) ON user_sessions.id = picked.id "
        "WHERE user_sessions.expires_at <= :s_now"
    )


def test_cockroachdb_picks_what_it_deletes_once_and_waits_for_nobody() -> None:
    dialect: Any = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
    dialect.name = "cockroachdb"
    statement: Any = SessionStatements(UserSession, dialect).delete_expired
    text = str(statement.compile(dialect=dialect))
    assert text.startswith("WITH picked AS")
    assert "FOR UPDATE SKIP LOCKED" in text


def test_sql_server_deletes_from_the_oldest_on() -> None:
    statement: Any = SessionStatements(UserSession, SQL_SERVER).delete_expired
    values = statement.compile(dialect=SQL_SERVER).construct_params({"s_now": None, "s_limit": 7})
    assert sorted(value for value in values.values() if value is not None) == [0, 7]


class Seconds:
    """A clock for durations that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def limits(batches: Batches, seconds: Seconds, durations: list[float]) -> list[int]:
    """Return the limits of batches that are full and take so long."""
    found = []
    for limit, duration in zip(batches, durations, strict=False):
        found.append(limit)
        seconds.now += duration
        batches.pause_after(limit)
    return found


@pytest.mark.parametrize("one_writes", [True, False])
def test_quick_batches_grow_up_to_the_limit_that_is_given(one_writes: bool) -> None:
    seconds = Seconds()
    batches = Batches(3_000, one_writes=one_writes, clock=seconds)
    quick = [0, 0.001, 0.01, 0.01, 0.01]
    assert limits(batches, seconds, quick) == [500, 1_000, 2_000, 3_000, 3_000]


@pytest.mark.parametrize(
    ("one_writes", "expected"), [(True, [500, 250, 125, 100]), (False, [500, 500, 500, 500])]
)
def test_slow_batches_shrink_where_others_cannot_write(
    one_writes: bool, expected: list[int]
) -> None:
    seconds = Seconds()
    batches = Batches(3_000, one_writes=one_writes, clock=seconds)
    assert limits(batches, seconds, [9.0] * 4) == expected


def test_a_batch_comes_to_take_what_it_should() -> None:
    seconds = Seconds()
    batches = Batches(10_000, one_writes=True, clock=seconds)
    found = limits(batches, seconds, [0.032, 0.04, 0.05, 0.04])
    assert found == [500, 625, 625, 500]


@pytest.mark.parametrize("most", [1, 99, 500])
def test_a_limit_that_is_given_is_kept(most: int) -> None:
    seconds = Seconds()
    batches = Batches(most, one_writes=False, clock=seconds)
    assert limits(batches, seconds, [0.001, 9.0, 0.05]) == [most] * 3


def test_a_batch_that_is_not_full_is_the_last() -> None:
    batches = Batches(2, one_writes=True)
    counts = iter([2, 2, 1])
    for _ in batches:
        batches.pause_after(next(counts))
    assert batches.total == 5
    assert list(counts) == []


def test_the_pause_is_in_proportion_to_the_batch() -> None:
    seconds = Seconds()
    batches = Batches(10, one_writes=True, clock=seconds)
    limit = iter(batches)
    pauses = []
    for duration, count in ((0.05, 10), (0.1, 10), (60, 10), (0.05, 9)):
        next(limit)
        seconds.now += duration
        pauses.append(batches.pause_after(count))
    assert pauses == pytest.approx([0.015, 0.03, Batches.LONGEST_PAUSE, 0])


def test_there_is_no_pause_where_others_can_write() -> None:
    seconds = Seconds()
    batches = Batches(10, one_writes=False, clock=seconds)
    next(iter(batches))
    seconds.now += 1
    assert batches.pause_after(10) == 0
