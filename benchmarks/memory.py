"""What requests leave behind, and what each of those in flight takes."""

from __future__ import annotations

import asyncio
import gc
import os
import tracemalloc
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.apps import MEMORY, OURS, PLAIN, THEIRS, Where, opened
from benchmarks.asgi import requester
from benchmarks.contenders import fill_tables
from benchmarks.fresh import in_fresh_process
from benchmarks.handlers import ANONYMOUS, PLACES, READ, WAIT, WRITE
from benchmarks.places import Load, grid
from benchmarks.reporting import Report
from benchmarks.requests import visitors_of
from benchmarks.settings import Settings

if TYPE_CHECKING:
    from benchmarks.places import Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("CONTENDERS", "DEFAULTS", "MIX", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg",),
    concurrency=(1_000,),
    rows=(100,),
    operations=100_000,
)
CONTENDERS = (PLAIN, MEMORY, OURS, THEIRS)
MIX = (READ, READ, READ, ANONYMOUS, READ, READ, WRITE, READ, READ, READ)
CHECKPOINTS = 10
COLUMNS = {
    "what": 28,
    "contender": 17,
    "requests": 9,
    "rss_kb": 8,
    "objects": 8,
    "traced_bytes": 12,
    "bytes_each": 10,
    "beyond_plain": 12,
}
_TRACED = 0.02
"""Share of the requests that are repeated with every allocation traced, which is slow."""


def main(settings: Settings, servers: Servers) -> Results:
    """Measure both; ``concurrency`` says how many requests are in flight."""
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        few = Load(load.rows, load.payload, 4)
        fill_tables(place, few, rows=0)
        left, parked = in_fresh_process(
            _measure, place.bare, few, settings.operations, load.concurrency
        )
        for result in left:
            report.add(**result)
        for name, sizes in parked.items():
            for what, size in sizes.items():
                report.add(
                    what=what,
                    contender=name,
                    requests=load.concurrency,
                    bytes_each=size,
                    beyond_plain=size - parked[PLAIN][what],
                )
    return report.results


def _measure(
    place: Place, load: Load, operations: int, in_flight: int
) -> tuple[Results, dict[str, dict[str, float]]]:
    left = asyncio.run(_leave(place, load, operations))
    return left, {name: asyncio.run(_park(name, place, load, in_flight)) for name in CONTENDERS}


async def _leave(place: Place, load: Load, count: int) -> Results:
    async with opened(OURS, Where(place, load)) as app:
        visitors = await visitors_of(app, load)
        asks = {kind: requester(app, *PLACES[kind]) for kind in MIX}
        kinds = cycle(MIX)
        cookies = visitors.cookies[0]

        async def visit(times: int) -> None:
            for kind in islice(kinds, times):
                await asks[kind](None if kind == ANONYMOUS else next(cookies))

        step = -(-count // CHECKPOINTS)
        await visit(step)
        results = [_state(OURS, 0)]
        for done in range(1, CHECKPOINTS + 1):
            await visit(step)
            results.append(_state(OURS, done * step))
        results.append(await _trace(visit, max(1, int(count * _TRACED))))
    return results


def _state(name: str, done: int) -> dict[str, Any]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "what": "after so many requests",
        "contender": name,
        "requests": done,
        "rss_kb": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "objects": len(gc.get_objects()),
    }


async def _trace(visit: Any, count: int) -> dict[str, Any]:
    tracemalloc.start()
    await visit(count)  # what is there already is not traced, but may be replaced
    before = _traced()
    await visit(count)
    left = _traced() - before
    tracemalloc.stop()
    return {
        "what": "left by so many requests",
        "contender": OURS,
        "requests": count,
        "traced_bytes": left,
        "bytes_each": left / count,
    }


async def _park(name: str, place: Place, load: Load, count: int) -> dict[str, float]:
    """Return the bytes of a request that waits in its handler, without a cookie and with one."""
    async with opened(name, Where(place, load)) as app:
        visitors = await visitors_of(app, load, has_sessions=name != PLAIN)
        ask = requester(app, *PLACES[WAIT])
        return {
            "in flight, anonymous": await _flight(app, ask, [None] * count),
            "in flight, with a session": await _flight(
                app, ask, list(islice(visitors.cookies[0], count))
            ),
        }


async def _flight(app: Any, ask: Any, cookies: list[bytes | None]) -> float:
    for _ in range(2):  # the first time warms up caches and connections
        app.state.gate, app.state.waiting = asyncio.Event(), 0
        tracemalloc.start()
        before = _traced()
        tasks = [asyncio.create_task(ask(cookie)) for cookie in cookies]
        while app.state.waiting < len(tasks):  # noqa: ASYNC110 - they count themselves
            await asyncio.sleep(0.01)
        taken = _traced() - before
        tracemalloc.stop()
        app.state.gate.set()
        await asyncio.gather(*tasks)
    return taken / len(cookies)


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
