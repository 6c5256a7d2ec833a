"""Whole requests in process: what sessions cost an application, by who keeps them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

from benchmarks.apps import APPS, PLAIN, REDIS, THEIRS, Where, opened
from benchmarks.asgi import cookie_in, requester
from benchmarks.contenders import fill_tables
from benchmarks.handlers import KINDS, PLACES, SIGN_IN, SIGNED_IN
from benchmarks.loop import run
from benchmarks.measuring import Timing, Turn, in_tasks, middle, ratios, shares, take_turns
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("COLUMNS", "DEFAULTS", "Visitors", "add_requests", "main", "visitors_of")

DEFAULTS = Settings(rows=(256,), rounds=7)
BASES = {"of_no_sessions": PLAIN, "of_Redis": REDIS, "of_Advanced_Alchemy": THEIRS}
COLUMNS = {
    "driver": 26,
    "concurrency": 11,
    "kind": 9,
    "contender": 17,
    "per_second": 10,
    "of_no_sessions": 14,
    "of_Redis": 8,
    "of_Advanced_Alchemy": 19,
    "cpu_us": 7,
}


@dataclass(frozen=True)
class Visitors:
    """Those who visit one application, each with a session and one page at a time."""

    app: Any
    cookies: list[Iterator[bytes]]

    async def take(self, kind: str, turn: Turn) -> Timing:
        """Visit the page of a kind."""
        ask = requester(self.app, *PLACES[kind])
        if kind in SIGNED_IN:
            return await in_tasks(ask, self.cookies, turn)
        return await in_tasks(ask, [cycle([None]) for _ in self.cookies], turn)


def main(settings: Settings, servers: Servers) -> Results:
    """Measure every kind of request."""
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        where = Where(place, load, servers.redis().port)
        for kind, timings in run(measure(where, settings)).items():
            add_requests(report, place, load, kind, timings)
    return report.results


async def measure(where: Where, settings: Settings) -> dict[str, dict[str, list[Timing]]]:
    """Return the timings of every kind and contender."""
    fill_tables(where.place, where.load, rows=0)  # visitors sign in themselves
    async with AsyncExitStack() as stack:
        those = {}
        for name in APPS:
            app = await stack.enter_async_context(opened(name, where))
            those[name] = await visitors_of(app, where.load, has_sessions=name != PLAIN)
        turn = Turn.of(settings)
        return {
            kind: await take_turns(
                {name: partial(one.take, kind, turn) for name, one in those.items()},
                settings.rounds,
            )
            for kind in KINDS
        }


async def visitors_of(app: Any, load: Load, *, has_sessions: bool = True) -> Visitors:
    """Return as many visitors at a time as the load says, signed in."""
    if not has_sessions:
        return Visitors(app, [cycle([b"session=none"])] * load.concurrency)
    sign_in = requester(app, *PLACES[SIGN_IN])
    cookies = [cookie_in(await sign_in(None)) for _ in range(load.rows)]
    return Visitors(app, list(map(cycle, shares(cookies, load.concurrency))))


def add_requests(
    report: Report, place: Place, load: Load, kind: str, timings: dict[str, list[Timing]]
) -> None:
    """Report what every contender did."""
    for name, mine in timings.items():
        report.add(
            driver=place.driver,
            concurrency=load.concurrency,
            kind=kind,
            contender=name,
            **middle(mine),
            **{column: ratios(mine, timings[base]) for column, base in BASES.items()},
        )
