"""The verbs of a storage on each driver: the driver alone, this package, and Advanced Alchemy."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import FLOOR, OURS, THEIRS, VERBS, fill_tables, opened
from benchmarks.measuring import Timing, Turn, middle, ratios, take_turns
from benchmarks.reporting import Report
from benchmarks.settings import Settings
from benchmarks.storages import Load

if TYPE_CHECKING:
    from sqlalchemy import URL

    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "main")

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
    for driver in settings.driver:
        half, _, name = driver.partition(" ")
        with tempfile.TemporaryDirectory() as folder:
            url = servers.database(name, Path(folder)).url
            for sizes in product(settings.rows, settings.payload, settings.concurrency):
                load = Load(*sizes)
                measuring = measure(url, load, settings, is_async=half == "async")
                for verb, timings in asyncio.run(measuring).items():
                    _add(report, driver, load, verb, timings)
    return report.results


async def measure(
    url: URL, load: Load, settings: Settings, *, is_async: bool
) -> dict[str, dict[str, list[Timing]]]:
    """Return the timings of every verb and contender."""
    fill_tables(url, load)
    async with AsyncExitStack() as stack:
        those = {
            name: await stack.enter_async_context(opened(name, url, load, is_async=is_async))
            for name in (FLOOR, OURS, THEIRS)
        }
        turn = Turn.of(settings)
        return {
            verb: await take_turns(
                {name: partial(one.take, verb, turn) for name, one in those.items()},
                settings.rounds,
            )
            for verb in VERBS
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
