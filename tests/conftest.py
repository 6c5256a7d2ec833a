"""Databases, clocks and the summary: what the two halves of the tests do not share as twins."""

from __future__ import annotations

import gc
import os
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from litestar_sessions import SQLAlchemyAsyncConfig, SQLAlchemySessionConfig, SQLAlchemySyncConfig
from tests.support.backends import Backend, empty_backend
from tests.support.clock import Clock
from tests.support.databases import (
    ASYNC_DRIVERS,
    SYNC_DRIVERS,
    Database,
    Servers,
    StartedServers,
)
from tests.support.lending import Lender, ask
from tests.support.models import UserSession
from tests.support.servers import Missing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator
    from pathlib import Path

# Nothing here goes out, and PyMySQL reads all authorities anew for each connection: 20 ms of work.
os.environ["SSL_CERT_FILE"] = os.devnull

_LENDER = pytest.StashKey[Lender]()
_MISSING = "missing here"
_SLOW_ROOMS = {"project", "tools"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Have more workers than processors, since tests wait for servers, or for silence."""
    return -(-3 * (os.cpu_count() or 1) // 2)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist whom it can ask for servers."""
    stash = node.config.stash
    if _LENDER not in stash:
        stash[_LENDER] = Lender()
    node.workerinput["lender"] = stash[_LENDER].address


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the slow tests done first, so that no worker waits long for another one at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _SLOW_ROOMS.isdisjoint(item.path.parts))


def pytest_collection_finish() -> None:
    """Spare the tests the garbage collector's look at all that was imported and collected.

    That takes a quarter of a second and more each time, and stops everything meanwhile.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Let the collector see everything again: Hypothesis looks for what refers to an object."""
    gc.unfreeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _LENDER in config.stash:
        config.stash[_LENDER].stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _note_what_is_missing(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _note_what_is_missing(item))


def _note_what_is_missing(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test that needs what is missing here, or fail it where nothing may be missing."""
    try:
        return (yield)
    except Missing as error:
        item.user_properties.append((_MISSING, str(error)))
        if os.environ.get("REQUIRE_DATABASES"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """The servers of this run; the workers of a run share them, each with databases of its own."""
    given = getattr(pytestconfig, "workerinput", None)
    if given is None:
        servers = Servers()
    else:
        servers = Servers(partial(ask, given["lender"]), f"sessions_{given['workerid']}")
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def own_servers() -> Iterator[StartedServers]:
    """Servers that a test may stop and restart, since no other worker is on them."""
    servers = StartedServers()
    yield servers
    servers.stop()


@pytest.fixture(params=ASYNC_DRIVERS)
def async_database(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Database:
    """A database for each async driver."""
    return servers.database(request.param, tmp_path)


@pytest.fixture(params=SYNC_DRIVERS)
def sync_database(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Database:
    """A database for each sync driver."""
    return servers.database(request.param, tmp_path)


_HALVES = {f"async {d}": (True, d) for d in ASYNC_DRIVERS} | {
    f"sync {d}": (False, d) for d in SYNC_DRIVERS
}


@pytest.fixture(params=_HALVES.values(), ids=list(_HALVES))
def any_database(
    request: pytest.FixtureRequest, servers: Servers, tmp_path: Path
) -> tuple[bool, Database]:
    """Every driver of both halves: whether it is async, and a database for it."""
    is_async, driver = request.param
    return is_async, servers.database(driver, tmp_path)


@pytest.fixture
def mariadb(servers: Servers, tmp_path: Path) -> Database:
    """A database of MariaDB alone."""
    return servers.database("mysql+pymysql", tmp_path)


@pytest.fixture
async def backend(any_database: tuple[bool, Database], clock: Clock) -> AsyncIterator[Backend]:
    """Both backends, on every driver, without sessions; they live for an hour."""
    is_async, database = any_database
    async with empty_backend(
        database.url, is_async=is_async, max_age=3_600, clock=clock
    ) as backend:
        yield backend


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> SQLAlchemySessionConfig:
    """A config of each half; a client that is entered opens and closes the connections."""
    kind = SQLAlchemySyncConfig if request.param == "sqlite" else SQLAlchemyAsyncConfig
    return SQLAlchemySessionConfig(
        alchemy_config=kind(f"{request.param}:///{tmp_path}/sessions.db"),
        model=UserSession,
        create_table=True,
    )


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until the test turns it."""
    # Firebird keeps ten thousandths of a second.
    return Clock(123_400) if "firebird+firebird" in SYNC_DRIVERS else Clock()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what ran on which database, and which database is missing and how to get it."""
    counts = Counter(
        (half, database)
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for half, database in [_place(report.nodeid)]
    )
    terminalreporter.section("tests passed, by half and database")
    for (half, database), count in sorted(counts.items()):
        terminalreporter.line(f"{half:8} {database:12} {count:5}")
    reports = (report for each in terminalreporter.stats.values() for report in each)
    properties = (each for report in reports for each in getattr(report, "user_properties", ()))
    for message in sorted({value for name, value in properties if name == _MISSING}):
        terminalreporter.line(f"NOT TESTED: {message}", yellow=True, bold=True)


def _place(nodeid: str) -> tuple[str, str]:
    half = next((half for half in ("_async", "_sync") if f"/{half}/" in nodeid), "shared")
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mariadb"}
    return half, next((drivers[name] for name in drivers if f"{name}+" in nodeid), "none")
