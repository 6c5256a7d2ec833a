"""What deleting the expired costs: in time, in memory, and those who wait meanwhile.

Each contender deletes from a table that was filled anew, while one loop reads sessions and another
one writes some, through a storage of this package on other connections of the same process.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any

from advanced_alchemy.extensions.litestar import session as theirs
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import bindparam, delete

from benchmarks.contenders import OURS, THEIRS
from benchmarks.expiring import TABLE, ExpiringSession, fill
from benchmarks.loop import run
from benchmarks.places import places
from benchmarks.reporting import Report
from benchmarks.settings import Settings
from benchmarks.tables import data_of
from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)
from litestar_sessions._sql.keys import SessionKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.places import Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("CONTENDERS", "DEFAULTS", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg", "async mysql+asyncmy", "sync sqlite+pysqlite"),
    rows=(1_000_000,),
    rounds=3,
    seconds=3.0,
)
COLUMNS = {
    "driver": 26,
    "contender": 17,
    "seconds": 7,
    "of_one": 6,
    "megabytes": 9,
    "reads_p99_ms": 12,
    "reads_longest_ms": 16,
    "writes_p99_ms": 13,
    "writes_longest_ms": 17,
}
NOBODY, ONE = "nobody", "one DELETE"
CONTENDERS = (NOBODY, ONE, OURS, THEIRS)
LOOPS = ("reads", "writes")
EXPIRED = 10
"""One row in so many."""
PAUSE = 0.001
"""Between two operations of a loop, in seconds."""
WARM_UP = 20
"""How many operations of a loop do not count: connections are opened, and statements prepared."""
_BEFORE = 0.5


class TheirSession(theirs.SessionModelMixin):
    """The same row for Advanced Alchemy."""

    __tablename__ = TABLE


def main(settings: Settings, servers: Servers) -> Results:
    """Measure; shown are medians of the rounds, of waits the longest in any."""
    report = Report(COLUMNS)
    for place in places(settings, servers):
        for rows in settings.rows:
            runs = defaultdict(list)
            for _ in range(settings.rounds):
                for name in CONTENDERS:
                    ids = fill(place.url, rows, rows // EXPIRED)
                    runs[name].append(run(_measure(place, name, ids, settings)))
            _add(report, place, rows, runs)
    return report.results


def _add(report: Report, place: Place, rows: int, runs: dict[str, list[dict[str, float]]]) -> None:
    once = median(each["seconds"] for each in runs[ONE])
    for name, mine in runs.items():
        middle = {key: median(each[key] for each in mine) for key in mine[0]}
        longest = {
            f"{loop}_longest_ms": max(each[f"{loop}_longest_ms"] for each in mine) for loop in LOOPS
        }
        ratio = middle["seconds"] / once
        report.add(driver=place.driver, rows=rows, contender=name, of_one=ratio, **middle | longest)


async def _measure(place: Place, name: str, ids: list[str], settings: Settings) -> dict[str, float]:
    """Return how long a contender takes, and how long others wait meanwhile."""

    async def call(verb: Callable[..., Any], *arguments: Any) -> Any:
        return await (verb(*arguments) if place.is_async else asyncio.to_thread(verb, *arguments))

    config: Any = (SQLAlchemyAsyncConfig if place.is_async else SQLAlchemySyncConfig)(place.url)
    half: Any = AsyncSessionStorage if place.is_async else SyncSessionStorage
    storage = half(config.get_engine(), ExpiringSession, keys=SessionKeys((str,)))
    later = datetime.now(timezone.utc) + timedelta(days=1)
    is_over = asyncio.Event()

    async def watch(verb: Callable[..., Any], *arguments: Any) -> list[float]:
        waits = []
        for session_id in cycle(ids):
            began = perf_counter()
            await call(verb, session_id, *arguments)
            waits.append(1_000 * (perf_counter() - began))
            if is_over.is_set():
                return waits[WARM_UP:]
            await asyncio.sleep(PAUSE)
        return waits

    reads = asyncio.create_task(watch(storage.load))
    writes = asyncio.create_task(watch(storage.save, data_of(settings.payload[0]), later))
    await asyncio.sleep(_BEFORE)
    memory, began = _peak(forget=True), perf_counter()
    if name == NOBODY:
        await asyncio.sleep(settings.seconds)
    else:
        await _delete(place, name, storage, call)
    figures = {"seconds": perf_counter() - began, "megabytes": _peak() - memory}
    is_over.set()
    for loop, task in zip(LOOPS, (reads, writes), strict=True):
        waits = await task
        figures[f"{loop}_p99_ms"] = quantiles(waits, n=100)[-1]
        figures[f"{loop}_longest_ms"] = max(waits)
    await call(config.dispose)
    return figures


async def _delete(place: Place, name: str, storage: Any, call: Any) -> None:
    if name == OURS:
        await call(storage.delete_expired)
    elif name == ONE:
        now = bindparam("now", datetime.now(timezone.utc), type_=ExpiringSession.expires_at.type)
        statement = delete(ExpiringSession).where(ExpiringSession.expires_at <= now)
        await call(storage._write, statement, {})  # noqa: SLF001 - which goes straight to the driver
    else:
        await _delete_theirs(place)


async def _delete_theirs(place: Place) -> None:
    kind = "Async" if place.is_async else "Sync"
    text = place.url.render_as_string(hide_password=False)
    alchemy = getattr(theirs, f"SQLAlchemy{kind}Config")(connection_string=text)
    backend = getattr(theirs, f"SQLAlchemy{kind}SessionBackend")
    await backend(ServerSideSessionConfig(), alchemy, TheirSession).delete_expired()
    disposing = alchemy.get_engine().dispose()
    if place.is_async:
        await disposing


def _peak(*, forget: bool = False) -> float:
    """Return how many MB this process has used at most; only Linux tells, and can forget."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1_024 for line in lines if line.startswith("VmHWM"))
