"""The verbs of a storage on each driver: the driver alone, this package, and Advanced Alchemy."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import FLOOR, OURS, THEIRS, VERBS, fill_tables, opened
from benchmarks.loop import run
from benchmarks.measuring import Timing, Turn, middle, ratios, take_turns
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "main", "measure")

DEFAULTS = Settings()
COLUMNS = {
    "driver": 26,
    "concurrency": 11,
    "verb": 17,
    "contender": 17,
    "per_second": 10,
    "ratio": 6,
    "ratio_quartiles": 15,
    "cpu_us": 7,
}


def main(settings: Settings, servers: Servers) -> Results:
    """Measure every verb; a ratio is the rate of a contender over that of the driver alone."""
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        for verb, timings in run(measure(place, load, settings)).items():
            _add(report, place.driver, load, verb, timings)
    return report.results


async def measure(
    place: Place,
    load: Load,
    settings: Settings,
    names: Sequence[str] = (FLOOR, OURS, THEIRS),
    verbs: Sequence[str] = VERBS,
) -> dict[str, dict[str, list[Timing]]]:
    """Return the timings of verbs, by contender."""
    fill_tables(place, load, names)
    async with AsyncExitStack() as stack:
        those = {name: await stack.enter_async_context(opened(name, place, load)) for name in names}
        turn = Turn.of(settings)
        return {
            verb: await take_turns(
                {name: partial(one.take, verb, turn) for name, one in those.items()},
                settings.rounds,
            )
            for verb in verbs
        }


def _add(
    report: Report, driver: str, load: Load, verb: str, timings: dict[str, list[Timing]]
) -> None:
    for name, mine in timings.items():
        report.add(
            driver=driver,
            concurrency=load.concurrency,
            verb=verb,
            contender=name,
            rows=load.rows,
            payload=load.payload,
            ratio=ratios(mine, timings[FLOOR]),
            **middle(mine),
        )
