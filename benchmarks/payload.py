"""What the size of a session costs, beside the driver alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import FLOOR, LOAD, OURS, SAVE
from benchmarks.loop import run
from benchmarks.measuring import middle, ratios
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.settings import Settings
from benchmarks.tables import drop, model_here
from benchmarks.verbs import measure

if TYPE_CHECKING:
    from benchmarks.measuring import Timing
    from benchmarks.places import Load
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg", "async mysql+asyncmy", "sync sqlite+pysqlite"),
    concurrency=(1,),
    rows=(100,),
    payload=(100, 1_000, 10_000, 100_000, 1_000_000),
    operations=200,
)
COLUMNS = {
    "driver": 26,
    "verb": 17,
    "payload": 9,
    "contender": 17,
    "per_second": 10,
    "cost": 6,
    "cost_quartiles": 15,
    "cpu_us": 7,
}


def main(settings: Settings, servers: Servers) -> Results:
    """Measure every size; a cost is the time of an operation over that of the driver alone."""
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        measuring = measure(place, load, settings, (FLOOR, OURS), (LOAD, SAVE))
        for verb, timings in run(measuring).items():
            _add(report, place.driver, load, verb, timings)
        drop(place.url, [model_here(load.table)])
    return report.results


def _add(
    report: Report, driver: str, load: Load, verb: str, timings: dict[str, list[Timing]]
) -> None:
    for name, mine in timings.items():
        report.add(
            driver=driver,
            verb=verb,
            concurrency=load.concurrency,
            payload=load.payload,
            contender=name,
            cost=ratios(timings[FLOOR], mine),
            **middle(mine),
        )
