"""Measure the verbs of a storage on each driver, all contenders in turn, and print the ratios.

Every round runs every contender for a moment, so that what else the machine does meets them all.
The ratio of a round is the contender's rate over that of the driver alone; the median of the rounds
is shown, and how far the middle half of them spreads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.contenders import FLOOR, VERBS, Load, contenders
from tests.support.databases import ASYNC_DRIVERS, SYNC_DRIVERS, Servers

DRIVERS = [f"async {name}" for name in ASYNC_DRIVERS] + [f"sync {name}" for name in SYNC_DRIVERS]


def main() -> int:
    """Run the benchmark that the command line describes."""
    options = _options()
    results = asyncio.run(_measure(options))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--driver", nargs="+", choices=DRIVERS, default=DRIVERS)
    parser.add_argument("--concurrency", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--rows", type=int, default=1_000, help="sessions in the table")
    parser.add_argument("--payload", type=int, default=300, help="bytes of each session")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--operations", type=int, default=320, help="of a contender in a round")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    return parser.parse_args()


async def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    results = []
    servers = Servers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(_HEAD)
            for driver in options.driver:
                half, _, name = driver.partition(" ")
                url = servers.database(name, Path(folder)).url
                for concurrency in options.concurrency:
                    load = Load(options.rows, options.payload, concurrency)
                    async with contenders(url, load, is_async=half == "async") as those:
                        for verb in VERBS:
                            timings = await _rounds(those, verb, options, load)
                            results += _report(driver, concurrency, verb, timings)
    finally:
        servers.stop()
    return results


async def _rounds(
    those: dict[str, Any], verb: str, options: argparse.Namespace, load: Load
) -> dict[str, list[Any]]:
    count = max(1, options.operations // load.concurrency)
    timings: dict[str, list[Any]] = {name: [] for name in those}
    for number in range(options.rounds + 1):
        for name, contender in those.items():
            timing = await contender.run(verb, count)
            if number > 0:  # in the first one connections are opened and statements prepared
                timings[name].append(timing)
    return timings


_HEAD = (
    f"{'driver':26} {'at once':>7} {'verb':18} {'contender':18} "
    f"{'per second':>10} {'of the driver':>13} {'middle half':>14} {'CPU, us':>8}"
)


def _report(
    driver: str, concurrency: int, verb: str, timings: dict[str, list[Any]]
) -> list[dict[str, Any]]:
    results = []
    for name, those in timings.items():
        pairs = zip(those, timings[FLOOR], strict=True)
        ratios = [(mine.count / mine.wall) / (floor.count / floor.wall) for mine, floor in pairs]
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
        result = {
            "driver": driver,
            "concurrency": concurrency,
            "verb": verb,
            "contender": name,
            "per_second": median(timing.count / timing.wall for timing in those),
            "ratio": median(ratios),
            "ratio_quartiles": [low, high],
            "cpu_us": median(timing.cpu / timing.count * 1e6 for timing in those),
        }
        results.append(result)
        print(
            f"{driver:26} {concurrency:>7} {verb:18} {name:18} {result['per_second']:>10.0f} "
            f"{result['ratio']:>13.3f} {low:>6.3f} - {high:.3f} {result['cpu_us']:>8.0f}",
            flush=True,
        )
    return results


if __name__ == "__main__":
    sys.exit(main())
