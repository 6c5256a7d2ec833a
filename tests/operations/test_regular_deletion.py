"""Expired sessions go by themselves while an application runs, and keep nothing from ending."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import create_engine, event, insert, text

from litestar_sessions import (
    ConfigurationError,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
)
from litestar_sessions._operations.pauses import Pauses
from litestar_sessions._operations.regular import RegularDeletion, deleting_regularly
from tests.support.apps import app_with
from tests.support.databases import sync_engine_on
from tests.support.faults import fragile_database
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database

OFTEN = 0.005
AGES = 8.0
"""Much longer than anything here may take, in seconds."""


def config_for(url: Any, clock: Clock, *, is_async: bool) -> SQLAlchemySessionConfig:
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    return SQLAlchemySessionConfig(
        alchemy_config=kind(url), model=UserSession, clock=clock, create_table=True
    )


async def fill(config: SQLAlchemySessionConfig, clock: Clock, expired: int = 3) -> Any:
    """Return a backend with one live session and some that are expired."""
    backend = config.create_backend()
    await backend.delete_all()
    for number in range(expired):
        await backend.storage.save(f"{number}", b"", clock.after(seconds=-number))
    await backend.storage.save("live", b"", clock.after(days=1))
    return backend


async def gone(engine: Any) -> None:
    """Wait until there is one session."""

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM user_sessions")))

    await until(lambda: count() == 1)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""

    async def wait() -> None:
        while not await asyncio.to_thread(is_so):
            await asyncio.sleep(OFTEN)

    await asyncio.wait_for(wait(), AGES)


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.session_event for r in caplog.records if r.name == "litestar_sessions"]  # type: ignore[attr-defined]  # set by extra=


async def test_what_expires_is_deleted_again_and_again_and_what_is_live_stays(
    any_database: tuple[bool, Database], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    is_async, database = any_database
    config = config_for(database.url, clock, is_async=is_async)
    backend = await fill(config, clock)
    looking = sync_engine_on(database)
    with caplog.at_level(logging.INFO, "litestar_sessions"):
        async with deleting_regularly(backend.delete_expired, OFTEN):
            await gone(looking)
            await backend.storage.save("soon", b"", clock.after(seconds=1))
            clock.advance(seconds=2)
            await gone(looking)
            assert await backend.get("live") is not None
    assert set(events(caplog)) == {"deleted"}
    looking.dispose()
    await config.dispose()


async def test_an_outage_is_logged_once_and_outlived(
    any_database: tuple[bool, Database], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    is_async, database = any_database
    looking = sync_engine_on(database)
    with fragile_database(database, is_async=is_async) as fragile:
        config = config_for(fragile.url, clock, is_async=is_async)
        backend = await fill(config, clock)
        failures = 0

        async def delete() -> int:
            nonlocal failures
            try:
                return int(await backend.delete_expired())
            except Exception:
                failures += 1
                raise

        async with fragile.outage(config.dispose):
            deletion = deleting_regularly(delete, OFTEN)
            await deletion.__aenter__()
            await until(lambda: failures >= 3)
        await gone(looking)
        await deletion.__aexit__(None, None, None)
        assert events(caplog) == ["not_deleted"]
        await config.dispose()
    looking.dispose()


@contextmanager
def locked(engine: Any) -> Iterator[None]:
    """Keep everybody from deleting anything."""
    locks = {
        "sqlite": "BEGIN IMMEDIATE",
        "postgresql": "LOCK TABLE user_sessions",
        "mysql": "LOCK TABLES user_sessions WRITE",
    }
    with engine.connect() as connection:
        connection.exec_driver_sql(locks[engine.dialect.name])
        yield
        if engine.dialect.name == "mysql":
            connection.exec_driver_sql("UNLOCK TABLES")


def worker_threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name.startswith("litestar-sessions")}


async def see_end(threads: set[threading.Thread]) -> None:
    for thread in threads:
        await asyncio.to_thread(thread.join, AGES)
        assert not thread.is_alive()


async def test_it_ends_in_the_middle_of_a_batch_and_leaves_no_thread_behind(
    any_database: tuple[bool, Database], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    is_async, database = any_database
    before = worker_threads()
    config = config_for(database.url, clock, is_async=is_async)
    backend = await fill(config, clock)
    blocking = sync_engine_on(database)
    begun = threading.Event()
    patient: Any = config.settings.patient_engine
    event.listen(getattr(patient, "sync_engine", patient).pool, "checkout", lambda *_: begun.set())
    with locked(blocking):
        async with deleting_regularly(backend.delete_expired, OFTEN):
            assert await asyncio.to_thread(begun.wait, AGES)
            await asyncio.sleep(0.05)
        await asyncio.wait_for(config.dispose(), AGES)
        if database.server is not None:  # SQLite alone waits for a lock without being interrupted
            await see_end(worker_threads() - before)
    await see_end(worker_threads() - before)
    assert events(caplog) == []
    blocking.dispose()


async def test_a_run_that_ends_between_two_batches_begins_no_other_one(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    config = config_for(database.url, clock, is_async=is_async)
    backend = await fill(config, clock)
    writing = sync_engine_on(database)
    old = clock.after(hours=-1)
    with writing.begin() as connection:
        rows = [{"session_id": f"old {n}", "data": b"", "expires_at": old} for n in range(500)]
        connection.execute(insert(UserSession), rows)
    deletion = RegularDeletion(backend.delete_expired, Pauses(OFTEN))
    loop = asyncio.get_running_loop()
    batches: list[int] = []
    is_cut = threading.Event()

    def cut() -> None:
        deletion.cut()
        is_cut.set()

    def note(_connection: object, cursor: Any, *_: object) -> None:
        if cursor.rowcount > 0:
            batches.append(cursor.rowcount)
            if is_async:
                cut()
            else:
                loop.call_soon_threadsafe(cut)
                assert is_cut.wait(AGES)

    patient: Any = config.settings.patient_engine
    event.listen(getattr(patient, "sync_engine", patient), "after_cursor_execute", note)
    await asyncio.wait([asyncio.create_task(deletion.run())], timeout=AGES)
    await config.dispose()
    assert batches == [500]
    writing.dispose()


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_the_plugin_does_it_while_the_application_runs(
    tmp_path: Path, driver: str, clock: Clock
) -> None:
    url = f"{driver}:///{tmp_path}/sessions.db"
    plugin = SessionPlugin(
        url, model=UserSession, delete_expired_every=OFTEN, clock=clock, max_age=60
    )
    looking = create_engine(f"sqlite:///{tmp_path}/sessions.db")
    with TestClient(app_with(plugin)) as client:
        client.post("/set", json={"user": "Ann"})
        client.cookies.clear()
        clock.advance(seconds=61)
        client.post("/set", json={"user": "Bob"})
        asyncio.run(gone(looking))
        assert client.get("/").json() == {"user": "Bob"}
    looking.dispose()


async def test_without_an_interval_there_is_no_task() -> None:
    tasks = asyncio.all_tasks()

    async def delete() -> int:
        raise AssertionError

    async with deleting_regularly(delete, None):
        assert asyncio.all_tasks() == tasks


@pytest.mark.parametrize("interval", [0, -1, True, "3600", float("inf"), float("nan")])
def test_what_is_no_interval_is_refused(interval: Any) -> None:
    with pytest.raises(ConfigurationError, match="is no interval: write a number of seconds"):
        SessionPlugin("sqlite://", delete_expired_every=interval)


def test_a_misspelt_interval_gets_the_right_name() -> None:
    with pytest.raises(ConfigurationError, match="did you mean delete_expired_every"):
        SessionPlugin("sqlite://", delete_expired_evry=60)  # type: ignore[call-arg]  # on purpose


def test_the_first_run_is_at_random_within_one_interval() -> None:
    firsts = [Pauses(100).first() for _ in range(200)]
    assert 0 <= min(firsts) < 20
    assert 80 < max(firsts) <= 100


def test_pauses_differ_and_are_longer_after_each_failure() -> None:
    pauses = Pauses(100)
    for longest in (200, 400, 800, 800):
        found = pauses.after_failure()
        assert 0.9 * longest <= found <= 1.1 * longest
        assert pauses.have_failed
    regular = {pauses.after_success() for _ in range(20)}
    assert len(regular) > 1
    assert all(90 <= pause <= 110 for pause in regular)
    assert not pauses.have_failed


SCRIPT = """
import asyncio, sys
from litestar import Litestar
from litestar_sessions import SessionPlugin

app = Litestar(plugins=[SessionPlugin(sys.argv[1], delete_expired_every=0.001)])

async def main():
    manager = app.lifespan()
    await manager.__aenter__()
    await asyncio.sleep(0.05)

asyncio.run(main())
print("done")
"""


def test_it_keeps_no_process_alive_whose_application_was_not_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, f"sqlite:///{tmp_path}/sessions.db"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "done\n", done.stderr


async def test_several_workers_delete_each_session_once(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    configs = [config_for(database.url, clock, is_async=is_async) for _ in range(4)]
    backend = await fill(configs[0], clock, expired=30)
    looking = sync_engine_on(database)
    counts: list[int] = []

    async def delete(config: SQLAlchemySessionConfig) -> int:
        counts.append(await config.create_backend().delete_expired())
        return counts[-1]

    async with AsyncExitStack() as stack:
        for config in configs:
            await stack.enter_async_context(deleting_regularly(partial(delete, config), OFTEN))
        await gone(looking)
    assert sum(counts) == 30
    assert await backend.get("live") is not None
    looking.dispose()
    for config in configs:
        await config.dispose()
