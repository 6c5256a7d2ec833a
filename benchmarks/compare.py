"""The working tree beside another revision of the package: what a change does to its speed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import OURS, VERBS, fill_tables
from benchmarks.handlers import KINDS
from benchmarks.loop import run
from benchmarks.measuring import Timing, Turn, cpu_ratios, middle, ratios, take_turns
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.settings import ROOT, Settings
from benchmarks.workers import checkout, worker

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "WHAT", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg", "async mysql+asyncmy", "sync sqlite+pysqlite"),
    rounds=21,
)
WHAT = (*VERBS, *KINDS)
NEW, BASE = "new", "base"
COLUMNS = {
    "driver": 26,
    "concurrency": 11,
    "what": 17,
    "per_second": 10,
    "of_base": 7,
    "of_base_quartiles": 17,
    "cpu_of_base": 11,
    "cpu_of_base_quartiles": 21,
}


def main(settings: Settings, servers: Servers) -> Results:
    """Measure verbs and requests of both; a ratio above 1 is a rate that has grown."""
    with checkout(settings.base) as base:
        report = Report(COLUMNS)
        sources = {BASE: base / "src", NEW: ROOT / "src"}
        for place, load in grid(settings, servers):
            fill_tables(place, load, [OURS])
            for what, timings in _measure(sources, place, load, settings).items():
                _add(report, place.driver, load, what, timings)
    return report.results


def _measure(
    sources: dict[str, Path], place: Place, load: Load, settings: Settings
) -> dict[str, dict[str, list[Timing]]]:
    with worker(sources[BASE], place, load) as base, worker(sources[NEW], place, load) as new:
        takers = {BASE: base, NEW: new}
        turn = Turn.of(settings)
        return {
            what: run(
                take_turns(
                    {name: partial(taker.take, what, turn) for name, taker in takers.items()},
                    settings.rounds,
                )
            )
            for what in WHAT
        }


def _add(
    report: Report, driver: str, load: Load, what: str, timings: dict[str, list[Timing]]
) -> None:
    report.add(
        driver=driver,
        concurrency=load.concurrency,
        what=what,
        of_base=ratios(timings[NEW], timings[BASE]),
        cpu_of_base=cpu_ratios(timings[NEW], timings[BASE]),
        **middle(timings[NEW]),
    )
