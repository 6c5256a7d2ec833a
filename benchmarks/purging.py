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

from advanced_alchemy.extensions.litestar import SQLAlchemyAsyncConfig as TheirAsyncConfig
from advanced_alchemy.extensions.litestar import SQLAlchemySyncConfig as TheirSyncConfig
from advanced_alchemy.extensions.litestar.session import SessionModelMixin as TheirMixin
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemyAsyncSessionBackend as TheirAsyncBackend,
)
from advanced_alchemy.extensions.litestar.session import (
    SQLAlchemySyncSessionBackend as TheirSyncBackend,
)
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
    from collections.abc import Awaitable, Callable

    from sqlalchemy import URL

TABLE = "expiring_sessions"
NOBODY, ONE, OURS, THEIRS = "nobody", "one DELETE", "litestar-sessions", "Advanced Alchemy"
DRIVERS = ("postgresql+asyncpg", "mysql+asyncmy", "sqlite+pysqlite")
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
# roughly in that order. SQLite's keys have the same bytes in hexadecimal, for want of a function.
_FILL = {
    "postgresql": """INSERT INTO {table} (id, session_id, data, expires_at)
        SELECT cast(concat(lpad(to_hex(cast({time} AS bigint)), 12, '0'), '7', substr(md5({n}::text), 1, 19)) AS uuid),
        'sha256:' || encode(sha256({n}::text::bytea), 'hex'), repeat('x', 300)::bytea,
        to_timestamp({expiry} + floor(random() * 3600)) FROM generate_series(1, {rows}) AS n""",
    "mysql": """INSERT INTO {table} (id, session_id, data, expires_at)
        SELECT unhex(concat(lpad(hex({time}), 12, '0'), '7', substr(md5({n}), 1, 19))),
        concat('sha256:', sha2({n}, 256)), repeat('x', 300),
        timestampadd(SECOND, {expiry} + floor(rand() * 3600), '1970-01-01') FROM seq_1_to_{rows}""",
    "sqlite": """WITH RECURSIVE numbers (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
        INSERT INTO {table} (id, session_id, data, expires_at)
        SELECT cast(printf('%012x', {time}) || substr(hex(randomblob(2)), 1, 4) AS blob),
        'sha256:' || lower(hex(randomblob(32))), zeroblob(300),
        datetime({expiry} + abs(random()) % 3600, 'unixepoch') || '.000000' FROM numbers""",
}
_NUMBER = {"postgresql": "n", "mysql": "seq", "sqlite": "n"}
_SETTLE = {
    "postgresql": "VACUUM ANALYZE {table}",
    "mysql": "ANALYZE TABLE {table}",
    "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)",
}


class ExpiringSession(SessionModelMixin):
    __tablename__ = TABLE


class TheirSession(TheirMixin):
    __tablename__ = TABLE


def main() -> int:
    """Run the benchmark that the command line describes."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.purging", description=__doc__.partition("\n")[0]
    )
    choices = sorted({*ASYNC_DRIVERS, *SYNC_DRIVERS})
    parser.add_argument("--driver", nargs="+", choices=choices, default=DRIVERS)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--expired", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contestant", nargs="+", default=[NOBODY, ONE, OURS, THEIRS])
    parser.add_argument("--random-keys", action="store_true", help="primary keys in no order")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    options = parser.parse_args()
    results = []
    servers = Servers()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(_HEAD)
            for driver in options.driver:
                results += asyncio.run(_measure(servers.database(driver, Path(folder)).url, options))
    finally:
        servers.stop()
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


async def _measure(url: URL, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the figures of every round, and print those of each contestant."""
    results: list[dict[str, Any]] = []
    for number in range(options.rounds):
        for name in options.contestant:
            ids = await asyncio.to_thread(_fill, url, options)
            found = await _run(url, name, ids)
            results.append({"driver": url.drivername, "contestant": name, "round": number, **found})
    once = [each["seconds"] for each in results if each["contestant"] == ONE]
    for each in results:
        each[RATIO] = each["seconds"] / median(once) if once else 0
    _show(results)
    return results


def _fill(url: URL, options: argparse.Namespace) -> list[str]:
    """Fill the table; return some live sessions from all over it."""
    backend, engine = url.get_backend_name(), _sync_engine(url)
    number = "seq" if backend == "mysql" else "n"
    now = datetime.now(timezone.utc)
    seconds = int(now.timestamp()) - options.expired
    # The key of a row is as old as the row, or as another one.
    age = f"({number} * 7919) % {options.rows}" if options.random_keys else number
    words = {
        "table": TABLE,
        "rows": options.rows,
        "n": number,
        "time": f"{seconds}000 + {age}",
        "expiry": f"{seconds} + {number} + CASE WHEN {number} > {options.expired} "
        "THEN 90000 ELSE -7200 END",
    }
    table = ExpiringSession.metadata.tables[TABLE]
    table.drop(engine, checkfirst=True)
    table.create(engine)
    with engine.connect() as connection:
        if backend == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -1000000")
        for sql in (_FILL[backend], _SETTLE[backend]):
            connection.exec_driver_sql(sql.format(**words))
        live = select(ExpiringSession.session_id).where(ExpiringSession.expires_at > now)
        found = connection.scalars(live.order_by(ExpiringSession.session_id).limit(1_000)).all()
    engine.dispose()
    return list(found)


def _sync_engine(url: URL) -> Any:
    driver = {"asyncpg": "psycopg", "asyncmy": "pymysql"}.get(url.get_driver_name())
    if driver is not None:
        url = url.set(drivername=f"{url.get_backend_name()}+{driver}")
    return SQLAlchemySyncConfig(url).get_engine()


async def _run(url: URL, name: str, ids: list[str]) -> dict[str, Any]:
    """Return how long a contestant takes, and how long others wait meanwhile."""
    is_async = url.get_dialect().is_async

    async def call(verb: Callable[..., Any], *arguments: Any) -> Any:
        return await (verb(*arguments) if is_async else asyncio.to_thread(verb, *arguments))

    async def watch(verb: Callable[..., Any], *arguments: Any) -> list[float]:
        waits = []
        for session_id in cycle(ids):
            began = perf_counter()
            await call(verb, session_id, *arguments)
            waits.append(perf_counter() - began)
            if is_over.is_set():
                break
            await asyncio.sleep(PAUSE)
        return waits[WARM_UP:]

    config: Any = (SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig)(url)
    half: Any = AsyncSessionStorage if is_async else SyncSessionStorage
    storage = half(config.get_engine(), ExpiringSession, keys=SessionKeys((str,)))
    later = datetime.now(timezone.utc) + timedelta(days=1)
    is_over = asyncio.Event()
    reads = asyncio.create_task(watch(storage.load))
    writes = asyncio.create_task(watch(storage.save, b"x" * 300, later))
    await asyncio.sleep(0.5)
    memory, began = _peak_from_now(), perf_counter()
    await _DELETIONS[name](url, storage, call)
    seconds, grown = perf_counter() - began, _peak() - memory
    is_over.set()
    waits = {"reads": _waits(await reads), "writes": _waits(await writes)}
    await call(config.dispose)
    return {"seconds": seconds, "MB": grown, **waits}


async def _nobody(_url: URL, _storage: Any, _call: Any) -> None:
    await asyncio.sleep(3)


async def _one(_url: URL, storage: Any, call: Any) -> None:
    now = bindparam("now", datetime.now(timezone.utc), type_=ExpiringSession.expires_at.type)
    sql = delete(ExpiringSession).where(ExpiringSession.expires_at <= now)
    await call(storage._write, sql, {})  # noqa: SLF001 - it goes straight to the driver


async def _ours(_url: URL, storage: Any, call: Any) -> None:
    await call(storage.delete_expired)


async def _theirs(url: URL, _storage: Any, _call: Any) -> None:
    is_async = url.get_dialect().is_async
    alchemy: Any = (TheirAsyncConfig if is_async else TheirSyncConfig)(
        connection_string=url.render_as_string(hide_password=False)
    )
    backend: Any = TheirAsyncBackend if is_async else TheirSyncBackend
    await backend(ServerSideSessionConfig(), alchemy, TheirSession).delete_expired()
    closed = alchemy.get_engine().dispose()
    if closed is not None:
        await closed


_DELETIONS = {NOBODY: _nobody, ONE: _one, OURS: _ours, THEIRS: _theirs}


def _waits(seconds: list[float]) -> dict[str, float]:
    milliseconds = [1000 * each for each in seconds]
    longest = max(milliseconds, default=0)
    p99 = quantiles(milliseconds, n=100)[-1] if len(milliseconds) > 1 else longest
    return {"count": len(milliseconds), "p99": p99, "longest": longest}


def _peak_from_now() -> float:
    """Forget how much memory was in use before, and return how much is (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak()


def _peak() -> float:
    """Return how many MB were in use at most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _show(results: list[dict[str, Any]]) -> None:
    """Print the medians of the rounds, and the longest waits of all of them."""
    for name in dict.fromkeys(each["contestant"] for each in results):
        mine = [each for each in results if each["contestant"] == name]
        figures = [median(each[key] for each in mine) for key in ("seconds", RATIO, "MB")]
        for kind in ("reads", "writes"):
            figures += [median(each[kind]["p99"] for each in mine)]
            figures += [max(each[kind]["longest"] for each in mine)]
        print(_ROW.format(mine[0]["driver"], name, *figures), flush=True)


if __name__ == "__main__":
    sys.exit(main())
