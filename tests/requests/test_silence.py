"""When the database falls silent: nobody is stuck, nothing is late, nothing is lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from operator import add
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from litestar_sessions import SessionUnavailableError
from tests.support.faults import ON_A_WIRE, FaultyProxy, through_faults
from tests.support.site import Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from httpx import AsyncClient
    from sqlalchemy import Connection

    from tests.support.clock import Clock
    from tests.support.databases import Servers

PATIENCE = 0.6
AGES = 8.0
"""Much longer than anything here may take, in seconds."""
POOL = 3


@pytest.fixture(params=ON_A_WIRE)
def driver(request: pytest.FixtureRequest) -> str:
    driver: str = request.param
    return driver


@asynccontextmanager
async def site_on(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path, **settings: Any
) -> AsyncIterator[tuple[Site, FaultyProxy]]:
    """Lend a site whose database is behind a proxy that fails."""
    half, _, name = driver.partition(" ")
    database = servers.database(name, tmp_path)
    settings = {"database_timeout": PATIENCE, **settings}
    with through_faults(database) as (proxy, url):
        async with open_site(url, is_async=half == "async", clock=clock, **settings) as site:
            yield site, proxy


@asynccontextmanager
async def signed_in(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> AsyncIterator[tuple[Site, FaultyProxy, AsyncClient]]:
    """Lend a site with a few connections, and a visitor; see that it can be closed in time."""
    async with site_on(driver, servers, clock, tmp_path) as (site, proxy):
        async with site.visitor() as client:
            await client.post("/set", json={"user": "Ann"})
            await open_connections(site)
            yield site, proxy, client
        await in_time(site.dispose())


async def in_time(work: Any) -> Any:
    """Return what is awaited, unless it takes ages."""
    return await asyncio.wait_for(work, AGES)


async def settled(proxy: FaultyProxy) -> int:
    """Return how often something was sent, once good-byes are no longer on their way."""
    before = -1
    while before != proxy.sent:
        before = proxy.sent
        await asyncio.sleep(0.2)
    return before


async def open_connections(site: Site, count: int = POOL) -> None:
    """Have a few connections in the pool."""
    pool: Any = site.engine.pool
    while pool.checkedin() < count or site.backend.settings.health.is_silent:
        loads = (site.backend.storage.load("none") for _ in range(2 * count))
        await asyncio.gather(*loads, return_exceptions=True)


async def test_connections_that_have_fallen_silent_cost_one_answer_at_most_each(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    async with signed_in(driver, servers, clock, tmp_path) as (site, proxy, client):
        proxy.forget()
        site.config.settings.health.TRIAL_INTERVAL = 0.0
        answers = [(await in_time(client.get("/"))).status_code for _ in range(POOL + 2)]
        assert 1 <= answers.count(503) <= POOL
        assert answers[-1] == 200
        assert (await client.get("/")).json() == {"user": "Ann"}


async def test_requests_are_answered_in_time_and_all_of_them(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    async with signed_in(driver, servers, clock, tmp_path) as (site, proxy, client):
        with proxy.silence():
            tasks = [asyncio.create_task(client.get("/")) for _ in range(30)]
            answers = await in_time(asyncio.gather(*tasks))
            assert {answer.status_code for answer in answers} == {503}
        site.config.settings.health.TRIAL_INTERVAL = 0.0
        while (answer := await in_time(client.get("/"))).status_code == 503:
            await asyncio.sleep(0.05)
        assert answer.json() == {"user": "Ann"}


async def test_a_silent_database_is_asked_by_one_trial_now_and_then_and_by_nobody_else(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    async with site_on(driver, servers, clock, tmp_path) as (site, proxy):
        health = site.config.settings.health
        seconds = 0.0
        health.clock = lambda: seconds
        async with site.visitor() as client:
            await client.post("/set", json={"user": "Ann"})
            with proxy.silence():
                seconds += 1
                assert (await client.get("/")).status_code == 503
                asked = await settled(proxy)
                answers = [await client.get("/") for _ in range(20)]
                assert {answer.status_code for answer in answers} == {503}
                assert (await client.post("/set", json={"a": 1})).status_code == 503
                assert proxy.sent == asked
                seconds += health.TRIAL_INTERVAL
                assert (await client.get("/")).status_code == 503
                assert proxy.sent > asked
            assert (await client.get("/")).status_code == 503
            seconds += health.TRIAL_INTERVAL
            while (answer := await in_time(client.get("/"))).status_code == 503:  # it is busy
                seconds += health.TRIAL_INTERVAL
            assert answer.json() == {"user": "Ann"}


async def test_one_who_waits_for_a_lock_keeps_nobody_else_from_the_database(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    async with (
        site_on(driver, servers, clock, tmp_path, database_timeout=2.0) as (site, _),
        site.visitor() as client,
        site.visitor() as other,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=1)
        await other.post("/set", json={"user": "Bob"})
        with first_row_locked(servers, driver, tmp_path):
            slow = asyncio.create_task(client.post("/set", json={"cart": 1}))
            while not slow.done():
                assert (await other.get("/")).json() == {"user": "Bob"}
                await asyncio.sleep(0.01)
            assert (await slow).status_code == 503
            assert (await other.get("/")).json() == {"user": "Bob"}


async def test_what_was_answered_with_503_is_not_done_later(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    async with site_on(driver, servers, clock, tmp_path) as (site, _), site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        cookie = {"cookie": f"session={client.cookies['session']}"}  # which no browser has later
        with first_row_locked(servers, driver, tmp_path) as (_, admin):
            for path in ("/set", "/rotate", "/clear"):
                response = await in_time(client.post(path, json={"late": True}))
                assert response.status_code == 503, path
                expect_answers(site)  # which on a busy machine may have come too late
            await nobody_waits(admin, driver)
        assert (await client.get("/", headers=cookie)).json() == {"user": "Ann"}
        assert await site.rows() == 1


async def test_a_visitor_whose_rotation_is_done_late_is_no_stranger(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    unlimited = site_without_limits(driver, servers, clock, tmp_path)
    async with unlimited as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        first_id = client.cookies["session"]
        with first_row_locked(servers, driver, tmp_path) as (lock, admin):
            response = await in_time(client.post("/rotate", json={"late": True}))
            assert response.status_code == 503
            expect_answers(site)
            assert (await client.get("/")).json() == {"user": "Ann"}
            assert client.cookies["session"] == first_id
            assert client.cookies["session-in-doubt"] != first_id
            lock.rollback()
            await nobody_waits(admin, driver)
        if driver in DONE_LATE:
            await in_time(is_gone(site, first_id))
        shown = (await client.get("/")).json()
        assert shown in ({"user": "Ann", "late": True}, {"user": "Ann"})
        assert "late" in shown or driver not in DONE_LATE
        assert ("session-in-doubt" in client.cookies) is ("late" not in shown)
        await client.post("/set", json={"fruit": "pear"})
        assert (await client.get("/")).json() == {**shown, "fruit": "pear"}
        assert await site.rows() == 1
        await client.post("/rotate", json={})
        assert set(client.cookies) == {"session"}
        await client.post("/clear")
        assert not client.cookies
        assert await site.rows() == 0


async def test_a_rotation_that_is_done_late_is_known_to_its_own_request(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    unlimited = site_without_limits(driver, servers, clock, tmp_path)
    async with unlimited as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        with first_row_locked(servers, driver, tmp_path) as (lock, admin):
            trying = asyncio.create_task(client.post("/rotate-twice", json={"late": True}))
            await in_time(site.gate.reached())
            lock.rollback()
            await nobody_waits(admin, driver)
        expect_answers(site)
        site.gate.open()
        assert (await trying).text == client.cookies["session"]
        assert set(client.cookies) == {"session"}
        assert (await client.get("/")).json() == {"user": "Ann", "late": True}


def expect_answers(site: Site) -> None:
    """Have the next operation find out whether the database is there again."""
    health = site.backend.settings.health
    health.clock = partial(add, health.clock(), health.TRIAL_INTERVAL)


DONE_LATE = {
    "async postgresql+asyncpg",
    "sync postgresql+psycopg",
    "sync postgresql+psycopg2",
}
"""Drivers whose server does not notice that nobody waits for it any more."""


async def is_gone(site: Site, session_id: str) -> None:
    """Return once no row has that ID."""
    while site.backend.keys.current(session_id) in await site.keys():
        await asyncio.sleep(0.02)


@asynccontextmanager
async def site_without_limits(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> AsyncIterator[Site]:
    """Lend a site that uses an application's engine as it is.

    A pooler that refuses limits comes to the same, and so does a server that stops for a while.
    """
    half, _, name = driver.partition(" ")
    url = servers.database(name, tmp_path).url
    engine = create_async_engine(url) if half == "async" else create_engine(url)
    options: dict[str, Any] = {"database_timeout": PATIENCE, "own_pool": False}
    try:
        async with open_site(engine, is_async=half == "async", clock=clock, **options) as site:
            yield site
    finally:
        if isinstance(engine, AsyncEngine):
            await engine.dispose()
        else:
            engine.dispose()


@contextmanager
def first_row_locked(
    servers: Servers, driver: str, tmp_path: Path
) -> Iterator[tuple[Connection, Connection]]:
    """Hold the oldest session, as a slow transaction does.

    Lend the connection that does so until it is rolled back, and another one to look around.
    """
    kind = "postgresql+psycopg" if "postgresql" in driver else "mysql+pymysql"
    engine = create_engine(servers.database(kind, tmp_path).url)
    try:
        with engine.connect() as connection, engine.connect() as admin:
            connection.execute(text("SELECT id FROM user_sessions ORDER BY id LIMIT 1 FOR UPDATE"))
            yield connection, admin
    finally:
        engine.dispose()


async def nobody_waits(admin: Connection, driver: str) -> None:
    """Return once no statement waits for a lock any more in that database."""
    if "postgresql" in driver:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
    else:
        waiting = (
            "SELECT count(*) FROM information_schema.innodb_trx "
            "JOIN information_schema.processlist ON id = trx_mysql_thread_id "
            "WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()"
        )
    while admin.execute(text(waiting)).scalar():
        admin.rollback()
        await asyncio.sleep(0.02)


async def test_the_storage_of_a_request_is_unavailable_and_says_after_how_long(
    driver: str, servers: Servers, clock: Clock, tmp_path: Path
) -> None:
    async with site_on(driver, servers, clock, tmp_path) as (site, proxy):
        await open_connections(site)
        with proxy.silence(), pytest.raises(SessionUnavailableError) as caught:
            await in_time(site.backend.storage.load("none"))
        assert str(caught.value.__cause__) == "no answer within 0.6 seconds"
