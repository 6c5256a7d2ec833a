"""What each verb and each request takes: round trips, calls of Python functions, CPU time."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from inspect import isawaitable
from itertools import product
from time import process_time
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from benchmarks.apps import MEMORY, PLAIN, Where, opened
from benchmarks.asgi import requester
from benchmarks.contenders import OURS, THEIRS, fill_tables
from benchmarks.fresh import in_fresh_process
from benchmarks.handlers import KINDS, PLACES, SIGNED_IN
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.requests import visitors_of
from benchmarks.settings import Settings
from benchmarks.storages import ours, theirs
from benchmarks.tables import data_of, session_id_of
from tests.support.databases import Database
from tests.support.lives import WARM_UP
from tests.support.roundtrips import RoundTripProxy, StatementCounter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from benchmarks.requests import Visitors
    from tests.support.databases import Servers

Costs = dict[str, dict[str, float]]

__all__ = ("APPS", "DEFAULTS", "STORAGES", "VERBS", "main")

DEFAULTS = Settings(concurrency=(1,), rows=(100,), operations=300)
STORAGES = {OURS: ours, THEIRS: theirs}
APPS = (PLAIN, MEMORY, OURS, THEIRS)
VERBS = ("load", "save", "create", "delete")
COLUMNS = {"driver": 26, "what": 9, "contender": 17, "round_trips": 11, "calls": 6, "cpu_us": 7}
_FEW = 20


def main(settings: Settings, servers: Servers) -> Results:
    """Count; a round trip of SQLite is a statement, for it has no wire."""
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        fill_tables(place, load)
        counted = in_fresh_process(_count, place.bare, load, settings.operations)
        for what, name in (*product(VERBS, STORAGES), *product(KINDS, APPS)):
            figures = {figure: costs[name][what] for figure, costs in counted.items()}
            report.add(driver=place.driver, what=what, contender=name, **figures)
    return report.results


def _count(place: Place, load: Load, operations: int) -> dict[str, Costs]:
    """Return every figure; time comes first, for whoever counts takes some."""
    seconds = _costs(place, load, _microseconds, operations)
    with _calls() as calls:
        called = _costs(place, load, calls, _FEW)
    with _round_trips(place) as (trips, watched):
        asked = _costs(watched, load, trips, _FEW)
    return {"round_trips": asked, "calls": called, "cpu_us": seconds}


def _costs(place: Place, load: Load, read: Callable[[], float], times: int) -> Costs:
    """Return by how much a counter moves for each operation, by contender."""
    return {name: asyncio.run(_perform_all(name, place, load, read, times)) for name in APPS}


async def _perform_all(
    name: str, place: Place, load: Load, read: Callable[[], float], times: int
) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(opened(name, Where(place, load)))
        operations = _kinds(await visitors_of(app, load, has_sessions=name != PLAIN))
        if name in STORAGES:
            storage = await stack.enter_async_context(STORAGES[name](place, load))
            operations |= _verbs(storage, load)
        costs = {}
        for count in (WARM_UP, times):
            for what, perform in operations.items():
                before = read()
                for number in range(count):
                    done = perform(number)
                    if isawaitable(done):
                        await done
                costs[what] = (read() - before) / count
        return costs


def _kinds(visitors: Visitors) -> dict[str, Callable[[int], Any]]:
    def visits(kind: str) -> Callable[[int], Any]:
        ask, cookies = requester(visitors.app, *PLACES[kind]), visitors.cookies[0]
        return lambda _number: ask(next(cookies) if kind in SIGNED_IN else None)

    return {kind: visits(kind) for kind in KINDS}


def _verbs(storage: Any, load: Load) -> dict[str, Callable[[int], Any]]:
    data = data_of(load.payload)
    return {
        "load": lambda number: storage.load(session_id_of(number % load.rows)),
        "save": lambda number: storage.save(session_id_of(number % load.rows), data),
        "create": lambda number: storage.create(session_id_of(-1 - number), data),
        "delete": lambda number: storage.delete(session_id_of(-1 - number)),
    }


def _microseconds() -> float:
    return process_time() * 1e6


@contextmanager
def _calls() -> Iterator[Callable[[], int]]:
    """Lend the number of Python functions that were called in any thread."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    threading.setprofile(note)  # for threads that start later, as all of an event loop do
    sys.setprofile(note)
    try:
        yield lambda: count
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@contextmanager
def _round_trips(place: Place) -> Iterator[tuple[Callable[[], int], Place]]:
    """Lend a counter, and the place as it is to be reached."""
    url = place.url
    if url.port is None:
        counter = StatementCounter()
        counter.watch(Engine)  # type: ignore[arg-type]  # all of them: theirs makes its own
        yield lambda: counter.count, place
        return
    with RoundTripProxy("127.0.0.1", url.port) as proxy:
        database = Database(url.set(port=proxy.port))
        yield lambda: proxy.count, replace(place, database=database)
