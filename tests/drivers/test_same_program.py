"""Both halves do the same: answers, errors, rows, and every statement on the way.

PostgreSQL's psycopg drives both halves; elsewhere each has a driver of its own. Both play one
history, with the same clock, on a table of their own that is empty. On an engine that nobody
watches statements run another way; then what the pool lends is seen, and what SQLite executes.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clock import Clock
from tests.support.histories import HISTORIES, Step
from tests.support.recording import Fault, Half, fatal, play, transient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.databases import Database, Servers

DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", "sqlite+pysqlite"),
    "postgresql": ("postgresql+psycopg", "postgresql+psycopg"),
    "mysql": ("mysql+asyncmy", "mysql+pymysql"),
}
ENGINES = {
    "our engine": {"is_ours": True, "is_watched": True},
    "their engine": {"is_ours": False, "is_watched": True},
    "our engine, unwatched": {"is_ours": True, "is_watched": False},
}


EVERYWHERE = [(name, engine) for name in DRIVERS for engine in ENGINES]
WATCHED = [(name, engine) for name, engine in EVERYWHERE if ENGINES[engine]["is_watched"]]
WITH_SERVER = [(name, engine) for name, engine in EVERYWHERE if name != "sqlite"]


@pytest.fixture(params=EVERYWHERE, ids=" ".join)
def halves(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> tuple[Half, Half]:
    """The async half on one database, the sync half on another."""
    name, engine = request.param
    one, other = (servers.database(driver, tmp_path) for driver in DRIVERS[name])
    return (
        Half(is_async=True, database=one, **ENGINES[engine]),
        Half(is_async=False, database=other.twin, **ENGINES[engine]),
    )


def _by_row(verb: str) -> st.SearchStrategy[Step]:
    return st.sampled_from(["abc", "ABC", "abc "]).map(lambda id_: Step(verb, (id_,)))


BY_ROW = st.lists(_by_row("reload") | _by_row("discard"), max_size=4)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(parts=st.tuples(HISTORIES, BY_ROW, HISTORIES))
def test_any_history_is_the_same_on_both_halves(
    halves: tuple[Half, Half], parts: tuple[list[Step], list[Step], list[Step]]
) -> None:
    history = [step for part in parts for step in part]
    one, other = (play(half, history) for half in halves)
    assert one.results == other.results
    assert one.rows == other.rows
    assert one.log == other.log
    assert (one.checked_out, other.checked_out) == (0, 0)


SOON = timedelta(microseconds=50)
START = Clock().now
FORMER = {"former_session_id": "mine", "rotated_at": START, "rights_changed_at": None}
OF_OWNERS = [
    Step("create", ("mine", b"m", SOON), {"details": {"owner": "Ann", "signed_in_at": START}}),
    Step("create", ("older", b"o", SOON), {"details": {"owner": "Ann"}}),
    Step("rotate", ("mine", "mine too"), {"details": FORMER}),
    Step("load_former", (["mine", "ABC"], START - SOON)),
    Step("list_owned", ("Ann",), {"limit": 5}),
    Step("end_oldest", ("Ann", 1)),
    Step("end_owned", ("Bob",)),
    Step("end_owned", ("Ann",)),
]
LIFE = [
    Step("create", ("abc", b"a", SOON)),
    Step("create", ("abc", b"b", SOON)),
    Step("load", ("abc",)),
    Step("load_and_touch", ("abc", SOON)),
    Step("save", ("ABC", b"A", SOON)),
    Step("update", ("abc", b"b", SOON), {"expected": b"a", "new_id": "new"}),
    Step("update", ("ABC", b"c", SOON), {"expected": b"other"}),
    Step("touch", ("new", SOON)),
    Step("rotate", ("new", "newer")),
    Step("rotate", ("newer", "ABC")),
    Step("reload", ("ABC",)),
    Step("discard", ("ABC",)),
    Step("delete", ("newer",), pause=100),
    Step("delete_expired", (), {"batch_size": 1}),
    Step("delete_all"),
]


def test_the_verbs_for_owners_are_the_same_on_both_halves(halves: tuple[Half, Half]) -> None:
    one, other = (play(half, OF_OWNERS) for half in halves)
    assert one.results == other.results
    assert one.rows == other.rows == []
    assert one.log == other.log


@pytest.mark.parametrize("halves", WATCHED, ids=" ".join, indirect=True)
@pytest.mark.parametrize("happen", [fatal, transient], ids=lambda happen: happen.__name__)
def test_a_fault_at_any_statement_is_the_same_on_both_halves(
    halves: tuple[Half, Half], happen: Callable[..., None]
) -> None:
    undisturbed = play(halves[0], LIFE)
    for number in range(1, 100):
        faults = Fault(number, happen), Fault(number, happen)
        one, other = (play(half, LIFE, fault) for half, fault in zip(halves, faults, strict=True))
        assert one.results == other.results, number
        assert one.rows == other.rows, number
        assert one.log == other.log, number
        assert (one.checked_out, other.checked_out) == (0, 0), number
        assert faults[0].has_happened is faults[1].has_happened
        if not faults[0].has_happened:
            break
        if happen is transient:
            assert one.results == undisturbed.results, number
    assert number > len(LIFE)


def _cut(database: Database, _engine: object) -> None:
    database.cut()


@pytest.mark.parametrize("halves", WITH_SERVER, ids=" ".join, indirect=True)
def test_a_connection_that_dies_at_any_statement_is_the_same_on_both_halves(
    halves: tuple[Half, Half],
) -> None:
    undisturbed = play(halves[0], LIFE)
    for number in range(1, 100):
        records = []
        for half in halves:
            fault = Fault(number, partial(_cut, half.database))
            records.append(play(half, LIFE, fault))
        one, other = records
        assert one.results == other.results == undisturbed.results, number
        assert one.rows == other.rows, number
        assert one.log == other.log, number
        assert (one.checked_out, other.checked_out) == (0, 0), number
        if not fault.has_happened:
            break
    assert number > len(LIFE)
