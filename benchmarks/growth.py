"""What a read and a write cost as the table grows."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import LOAD, OURS, SAVE, fill_tables, opened
from benchmarks.loop import run
from benchmarks.measuring import Timing, Turn, middle, ratios, take_turns
from benchmarks.places import loads, places
from benchmarks.reporting import Report
from benchmarks.settings import Settings
from benchmarks.tables import drop, model_here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("COLUMNS", "DEFAULTS", "add_costs", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg", "async mysql+asyncmy", "sync sqlite+pysqlite"),
    concurrency=(1,),
    rows=(1_000, 10_000, 100_000, 1_000_000),
    rounds=15,
)
COLUMNS = {
    "driver": 26,
    "verb": 17,
    "rows": 10,
    "per_second": 10,
    "cost": 6,
    "cost_quartiles": 15,
    "cpu_us": 7,
}


def main(settings: Settings, servers: Servers) -> Results:
    """Measure every size; a cost is the time of an operation over that in the smallest table."""
    report = Report(COLUMNS)
    for place in places(settings, servers):
        for verb, timings in run(_measure(place, settings)).items():
            add_costs(report, place.driver, verb, timings)
    return report.results


async def _measure(place: Place, settings: Settings) -> dict[str, dict[Load, list[Timing]]]:
    """Return the timings of verbs, by size; all tables are there at once."""
    turn, sizes = Turn.of(settings), sorted(loads(settings), key=lambda load: load.rows)
    try:
        for load in sizes:
            fill_tables(place, load, [OURS])
        async with AsyncExitStack() as stack:
            those = {
                load: await stack.enter_async_context(opened(OURS, place, load)) for load in sizes
            }
            return {
                verb: await take_turns(
                    {load: partial(one.take, verb, turn) for load, one in those.items()},
                    settings.rounds,
                )
                for verb in (LOAD, SAVE)
            }
    finally:
        drop(place.url, [model_here(load.table) for load in sizes])


def add_costs(report: Report, driver: str, verb: str, timings: Mapping[Load, list[Timing]]) -> None:
    """Report what a verb costs in each table, the smallest first."""
    smallest = next(iter(timings.values()))
    for load, mine in timings.items():
        report.add(
            driver=driver,
            verb=verb,
            concurrency=load.concurrency,
            payload=load.payload,
            rows=load.rows,
            cost=ratios(smallest, mine),
            **middle(mine),
        )
