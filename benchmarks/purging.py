"""Measure what deleting the expired costs: in time, in memory, and those who wait meanwhile.

Each contestant deletes from a table that was filled anew, while one loop reads sessions and another
one writes some, through a storage of this package on other connections of the same process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any

from advanced_alchemy.extensions.litestar import session as theirs
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import bindparam, delete, select

from litestar_sessions import (
    AsyncSessionStorage,
    SessionModelMixin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)
from litestar_sessions.keys import SessionKeys
from tests.support.databases import ASYNC_DRIVERS, SYNC_DRIVERS, Servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

TABLE = "expiring_sessions"
NOBODY, ONE, OURS, THEIRS = CONTESTANTS = (
    *("nobody", "one DELETE"),
    *("litestar-sessions", "Advanced Alchemy"),
)
RATIO = "times one DELETE"
PAUSE = 0.001
"""Between two operations of a loop, in seconds."""
WARM_UP = 20
"""How many operations of a loop do not count: connections are opened, and statements compiled."""

_HEAD = (
    f"{'':20} {'who deletes':18} {'seconds':>7} {'ratio':>5} {'MB':>5}"
    " | reads: p99, longest (ms) | writes: p99, longest (ms)"
)
_ROW = "{:20} {:18} {:7.2f} {:5.2f} {:5.0f} |   {:10.1f} {:10.1f}   |  {:10.1f} {:10.1f}"

# Rows are in the order of their creation, with primary keys that begin with its time, and expire
# roughly in that order. SQLite's keys have the time in hexadecimal, for want of a function.
_INTO = f"INSERT INTO {TABLE} (id, session_id, data, expires_at)"
_FILL = {
    "postgresql": """{into} SELECT cast(concat(lpad(to_hex(cast({time} AS bigint)), 12, '0'), '7',
        substr(md5({n}::text), 1, 19)) AS uuid),
        'sha256:' || encode(sha256({n}::text::bytea), 'hex'), repeat('x', 300)::bytea,
        to_timestamp({expiry} + floor(random() * 3600)) FROM generate_series(1, {rows}) AS n""",
    "mysql": """{into} SELECT
        unhex(concat(lpad(hex({time}), 12, '0'), '7', substr(md5({n}), 1, 19))),
        concat('sha256:', sha2({n}, 256)), repeat('x', 300),
        timestampadd(SECOND, {expiry} + floor(rand() * 3600), '1970-01-01') FROM seq_1_to_{rows}""",
    "sqlite": """WITH RECURSIVE numbers (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) {into}
        SELECT cast(printf('%012x', {time}) || substr(hex(randomblob(2)), 1, 4) AS blob),
        'sha256:' || lower(hex(randomblob(32))), zeroblob(300),
        datetime({expiry} + abs(random()) % 3600, 'unixepoch') || '.000000' FROM numbers""",
}
_SETTLE = {
    "postgresql": f"VACUUM ANALYZE {TABLE}",
    "mysql": f"ANALYZE TABLE {TABLE}",
    "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)",
}


class ExpiringSession(SessionModelMixin):
    """A row for the storage."""

    __tablename__ = TABLE


class TheirSession(theirs.SessionModelMixin):
    """The same row for Advanced Alchemy."""

    __tablename__ = TABLE


def main() -> int:
    """Run the benchmark that the command line describes."""
    drivers = sorted({*ASYNC_DRIVERS, *SYNC_DRIVERS})
    few = ["postgresql+asyncpg", "mysql+asyncmy", "sqlite+pysqlite"]
    add = (parser := argparse.ArgumentParser("python -m benchmarks.purging")).add_argument
    add("--driver", nargs="+", choices=drivers, default=few)
    add("--rows", type=int, default=1_000_000)
    add("--expired", type=int, default=100_000)
    add("--rounds", type=int, default=3)
    add("--contestant", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    add("--random-keys", action="store_true", help="primary keys in another order than the rows")
    add("--json", type=Path, help="where to write every figure")
    options = parser.parse_args()
    results = []
    servers = Servers()
    print(_HEAD)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for driver in options.driver:
                url = servers.database(driver, Path(folder)).url
                results += asyncio.run(_measure(url, options))
    finally:
        servers.stop()
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


async def _measure(url: URL, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the figures of every round, and print what they come to."""
    results: list[dict[str, Any]] = []
    for number in range(options.rounds):
        for name in options.contestant:
            ids = await asyncio.to_thread(_fill, url, options)
            found = await _run(url, name, ids)
            results.append({"driver": url.drivername, "contestant": name, "round": number, **found})
    once = [each["seconds"] for each in results if each["contestant"] == ONE]
    for name in options.contestant:
        mine = [each for each in results if each["contestant"] == name]
        for each in mine:
            each[RATIO] = each["seconds"] / median(once) if once else 0
        figures = [median(each[key] for each in mine) for key in ("seconds", RATIO, "MB")]
        for kind in ("reads", "writes"):
            figures.append(median(each[kind]["p99"] for each in mine))
            figures.append(max(each[kind]["longest"] for each in mine))
        print(_ROW.format(url.drivername, name, *figures), flush=True)
    return results


def _fill(url: URL, options: argparse.Namespace) -> list[str]:
    """Fill the table; return some live sessions from all over it."""
    backend = url.get_backend_name()
    driver = {"asyncpg": "psycopg", "asyncmy": "pymysql", "aiosqlite": "pysqlite"}
    name = driver.get(url.get_driver_name(), url.get_driver_name())
    config = SQLAlchemySyncConfig(url.set(drivername=f"{backend}+{name}"))
    n, rows, expired = "seq" if backend == "mysql" else "n", options.rows, options.expired
    now = datetime.now(timezone.utc)
    first = int(now.timestamp()) - expired
    time = f"{first}000 + " + (f"({n} * 7919) % {rows}" if options.random_keys else n)
    expiry = f"{first} + {n} + CASE WHEN {n} > {expired} THEN 90000 ELSE -7200 END"
    ExpiringSession.metadata.drop_all(config.get_engine())
    config.create_tables()
    with config.get_engine().connect() as connection:
        if backend == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -1000000")
        filling = _FILL[backend].format(into=_INTO, n=n, rows=rows, time=time, expiry=expiry)
        connection.exec_driver_sql(filling)
        connection.exec_driver_sql(_SETTLE[backend])
        live = select(ExpiringSession.session_id).where(ExpiringSession.expires_at > now)
        found = connection.scalars(live.order_by(ExpiringSession.session_id).limit(1_000)).all()
    config.dispose()
    return list(found)


async def _run(url: URL, name: str, ids: list[str]) -> dict[str, Any]:
    """Return how long a contestant takes, and how long others wait meanwhile."""
    is_async = url.get_dialect().is_async

    async def call(verb: Callable[..., Any], *arguments: Any) -> Any:
        return await (verb(*arguments) if is_async else asyncio.to_thread(verb, *arguments))

    async def watch(verb: Callable[..., Any], *arguments: Any) -> dict[str, float]:
        waits = []
        for session_id in cycle(ids):
            began = perf_counter()
            await call(verb, session_id, *arguments)
            waits.append(1_000 * (perf_counter() - began))
            if is_over.is_set():
                break
            await asyncio.sleep(PAUSE)
        waits = waits[WARM_UP:]
        return {"count": len(waits), "p99": quantiles(waits, n=100)[-1], "longest": max(waits)}

    config: Any = (SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig)(url)
    half: Any = AsyncSessionStorage if is_async else SyncSessionStorage
    storage = half(config.get_engine(), ExpiringSession, keys=SessionKeys((str,)))
    later = datetime.now(timezone.utc) + timedelta(days=1)
    is_over = asyncio.Event()
    reads = asyncio.create_task(watch(storage.load))
    writes = asyncio.create_task(watch(storage.save, b"x" * 300, later))
    await asyncio.sleep(0.5)
    memory, began = _peak(forget=True), perf_counter()
    await _delete(name, url, storage, call)
    seconds, grown = perf_counter() - began, _peak() - memory
    is_over.set()
    found = {"seconds": seconds, "MB": grown, "reads": await reads, "writes": await writes}
    await call(config.dispose)
    return found


async def _delete(name: str, url: URL, storage: Any, call: Any) -> None:
    if name == NOBODY:
        await asyncio.sleep(3)
    elif name == OURS:
        await call(storage.delete_expired)
    elif name == ONE:  # which goes straight to the driver
        now = bindparam("now", datetime.now(timezone.utc), type_=ExpiringSession.expires_at.type)
        statement = delete(ExpiringSession).where(ExpiringSession.expires_at <= now)
        await call(storage._write, statement, {})  # noqa: SLF001 - as above
    else:
        kind = "Async" if url.get_dialect().is_async else "Sync"
        text = url.render_as_string(hide_password=False)
        alchemy = getattr(theirs, f"SQLAlchemy{kind}Config")(connection_string=text)
        backend = getattr(theirs, f"SQLAlchemy{kind}SessionBackend")
        await backend(ServerSideSessionConfig(), alchemy, TheirSession).delete_expired()
        await call(alchemy.get_engine().dispose)


def _peak(*, forget: bool = False) -> float:
    """Return how many MB this process has used at most; only Linux tells, and can forget."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1_024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main())
