"""The worker threads of the sync backend."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool, StaticPool

from litestar_sessions import SQLAlchemySyncConfig, SQLAlchemySyncSessionBackend
from litestar_sessions._drivers.threads import run_in_thread
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

VISITOR: ContextVar[str] = ContextVar("VISITOR", default="nobody")


class Probe:
    """What shows where it runs, and how often at once."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.release.wait(10)
        with self._lock:
            self.running -= 1


def where() -> tuple[str, str]:
    return threading.current_thread().name, VISITOR.get()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A small engine: three connections at most."""
    config = SQLAlchemySyncConfig(f"sqlite:///{tmp_path}/sessions.db", pool_size=2, max_overflow=1)
    yield config.get_engine()
    config.dispose()


async def test_work_is_done_in_a_thread_and_in_the_context_of_its_caller(engine: Engine) -> None:
    VISITOR.set("Ann")
    thread, visitor = await run_in_thread(engine, where)
    assert thread.startswith("litestar-sessions")
    assert visitor == "Ann"


async def test_an_operation_is_one_hop(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ServerSideSessionConfig(renew_on_access=True)
    alchemy = SQLAlchemySyncConfig(engine_instance=engine, create_all=True)
    backend = SQLAlchemySyncSessionBackend(config, alchemy, UserSession)
    await backend.delete_all()  # the first operation also creates the table
    loop = asyncio.get_running_loop()
    run_in_executor, hops = loop.run_in_executor, Counter[str]()

    def hop(executor: Any, work: Any) -> Any:
        hops[work.args[0].__name__] += 1
        return run_in_executor(executor, work)

    monkeypatch.setattr(loop, "run_in_executor", hop)
    await backend.set("id", b"data")
    assert await backend.get("id") == b"data"
    await backend.delete("id")
    await backend.delete_expired()
    await backend.delete_all()
    verbs = ("save", "load_and_touch", "delete", "delete_expired", "delete_all")
    assert hops == dict.fromkeys(verbs, 1)


async def test_there_are_never_more_threads_than_connections(engine: Engine) -> None:
    probes = [Probe(), Probe()]
    waiting = [asyncio.create_task(run_in_thread(engine, probe.wait)) for probe in probes * 10]
    while sum(probe.running for probe in probes) < 3:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    assert sum(probe.running for probe in probes) == 3
    for probe in probes:
        probe.release.set()
    await asyncio.gather(*waiting)


async def test_slow_sessions_leave_the_threads_of_the_application_alone(engine: Engine) -> None:
    probe = Probe()
    waiting = [asyncio.create_task(run_in_thread(engine, probe.wait)) for _ in range(50)]
    answer = await asyncio.wait_for(asyncio.to_thread(lambda: "at once"), timeout=10)
    assert answer == "at once"
    assert probe.running <= 3
    probe.release.set()
    await asyncio.gather(*waiting)


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({"poolclass": StaticPool}, 1),
        ({"poolclass": NullPool}, None),
        ({"pool_size": 0, "max_overflow": 0}, None),
        ({"pool_size": 1, "max_overflow": -1}, None),
    ],
)
async def test_the_pool_says_how_many_threads_there_are(
    tmp_path: Path, options: dict[str, Any], limit: int | None
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/sessions.db", **options)
    probe = Probe()
    waiting = [asyncio.create_task(run_in_thread(engine, probe.wait)) for _ in range(4)]
    while probe.running < (limit or 4):
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    assert probe.running == (limit or 4)
    probe.release.set()
    await asyncio.gather(*waiting)
    engine.dispose()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("used_before", [False, True], ids=["unused", "used"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_it_works_in_a_forked_child(tmp_path: Path, used_before: bool) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/sessions.db", poolclass=NullPool)
    config = SQLAlchemySyncConfig(engine_instance=engine, create_all=True)
    backend = SQLAlchemySyncSessionBackend(ServerSideSessionConfig(), config, UserSession)
    if used_before:
        asyncio.run(backend.set("parent", b"data"))
    child = os.fork()
    if child == 0:
        asyncio.run(asyncio.wait_for(backend.set("child", b"data"), 10))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert asyncio.run(backend.get("child")) == b"data"
