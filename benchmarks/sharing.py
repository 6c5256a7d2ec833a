"""What visitors wait for when many come at once, near to the database and far away from it."""

from __future__ import annotations

from itertools import product
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from benchmarks.contenders import OURS, fill_tables
from benchmarks.distance import moved_away
from benchmarks.measuring import Timing, Turn, middle, ratios
from benchmarks.places import loads, places
from benchmarks.reporting import Report
from benchmarks.settings import ROOT, Settings
from benchmarks.waits import CHANGE, LOAD
from benchmarks.workers import checkout, worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "DISTANCES", "WHAT", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg", "sync mysql+pymysql"),
    concurrency=(1, 2, 4, 8, 16, 32, 64, 128),
    rounds=9,
    operations=20_000,
    seconds=0.2,
)
WHAT = LOAD, CHANGE
DISTANCES = (0, 5)
"""How many milliseconds a round trip takes longer than on this machine."""
WARM_UP = 3
"""Rounds in which connections are opened, and statements of each size prepared on each of them."""
NEW, BASE = "new", "base"
COLUMNS = {
    "driver": 26,
    "ms_away": 7,
    "concurrency": 11,
    "what": 15,
    "base_per_second": 15,
    "per_second": 10,
    "of_base": 7,
    "base_p50": 8,
    "p50": 6,
    "base_p99": 8,
    "p99": 6,
    "base_most": 9,
    "most": 6,
}


class _Waits:
    """The turns of one revision: their timings, and how long each operation took."""

    def __init__(self) -> None:
        self.timings: list[Timing] = []
        self.waits: list[float] = []

    def add(self, answer: dict[str, Any]) -> None:
        self.timings.append(Timing(**answer["timing"]))
        self.waits += answer["waits"]

    @property
    def figures(self) -> dict[str, float]:
        """The median rate, and the waits in milliseconds."""
        cuts = quantiles(self.waits, n=100, method="inclusive")
        waits = {"p50": cuts[49], "p99": cuts[98], "most": max(self.waits)}
        return {"per_second": middle(self.timings)["per_second"], **waits}


def main(settings: Settings, servers: Servers) -> Results:
    """Measure loads and changes of both revisions; a ratio above 1 is a rate that has grown."""
    with checkout(settings.base) as base:
        report = Report(COLUMNS)
        sources = {BASE: base / "src", NEW: ROOT / "src"}
        for place, away, load in _cases(settings, servers):
            for what, found in _measure(sources, place, load, settings).items():
                _add(report, (place.driver, away, load.concurrency, what), found)
    return report.results


def _cases(settings: Settings, servers: Servers) -> Iterator[tuple[Place, int, Load]]:
    """Lend every place at every distance with every load."""
    for place in places(settings, servers):
        distances = DISTANCES if place.url.host else DISTANCES[:1]
        for away, load in product(distances, loads(settings)):
            fill_tables(place, load, [OURS])
            with moved_away(place, away) as far:
                yield far, away, load


def _measure(
    sources: dict[str, Path], place: Place, load: Load, settings: Settings
) -> dict[str, dict[str, _Waits]]:
    module = "benchmarks.waits"
    found = {what: {name: _Waits() for name in sources} for what in WHAT}
    with (
        worker(sources[BASE], place, load, module) as base,
        worker(sources[NEW], place, load, module) as new,
    ):
        workers = {BASE: base, NEW: new}
        for what, number, name in product(WHAT, range(-WARM_UP, settings.rounds), workers):
            answer = workers[name].order(what, Turn.of(settings))
            if number >= 0:
                found[what][name].add(answer)
    return found


def _add(report: Report, case: tuple[str, int, int, str], found: dict[str, _Waits]) -> None:
    driver, away, concurrency, what = case
    report.add(
        driver=driver,
        ms_away=away,
        concurrency=concurrency,
        what=what,
        of_base=ratios(found[NEW].timings, found[BASE].timings),
        **found[NEW].figures,
        **{f"base_{name}": figure for name, figure in found[BASE].figures.items()},
    )
