"""Sessions on a Galera cluster whose nodes are reached in turn."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from litestar_sessions._drivers.urls import is_async_url
from tests.support.clusters import applying_nothing, out_of_service
from tests.support.galera import OPENERS, ask, opened_by_url, storage_on
from tests.support.site import open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock
    from tests.support.galera import Opener
    from tests.support.servers import Server
    from tests.support.site import Site

VISITORS = 120


@pytest.fixture
async def sites(nodes: list[URL], clock: Clock) -> AsyncIterator[list[Site]]:
    """The same site three times, each on another node."""
    async with AsyncExitStack() as stack:
        is_async = is_async_url(nodes[0])
        opening = [open_site(url, is_async=is_async, clock=clock) for url in nodes]
        yield [await stack.enter_async_context(site) for site in opening]


WAITS_FOR = "SELECT @@SESSION.wsrep_sync_wait"


async def test_who_signs_in_on_one_node_is_known_on_another_that_lags(
    galera: list[Server], sites: list[Site]
) -> None:
    one, two, three = sites

    async def sign_in(name: str) -> str:
        async with one.visitor() as browser:
            await browser.post("/set", json={"user": name})
            return browser.cookies["session"]

    async def fill_cart(session_id: str) -> None:
        async with two.visitor(session_id) as browser:
            await browser.post("/set", json={"cart": "full"})

    async def look(session_id: str) -> Any:
        async with three.visitor(session_id) as browser:
            return (await browser.get("/")).json()

    visitors = [f"{number}" for number in range(VISITORS)]
    with applying_nothing(galera[1]) as count_waiting:
        ids = await asyncio.gather(*map(sign_in, visitors))
        changes = [asyncio.create_task(fill_cart(each)) for each in ids]
        while not count_waiting() and not changes[0].done():
            await asyncio.sleep(0.01)
    await asyncio.gather(*changes)
    seen = await asyncio.gather(*map(look, ids))
    assert seen == [{"user": name, "cart": "full"} for name in visitors]


async def test_whoever_declines_reads_what_the_node_has(
    galera: list[Server], nodes: list[URL], storages: list[SessionStorage], clock: Clock
) -> None:
    async with opened_by_url(nodes[1], causal_reads=False) as engine:
        storage = storage_on(engine, clock)
        with applying_nothing(galera[1]):
            await storages[0].create("name", b"", clock.after(minutes=1))
            assert await storage.load("name") is None
        assert await storages[1].load("name") is not None


async def test_what_is_changed_without_being_read_first_is_found_on_every_node(
    storages: list[SessionStorage], clock: Clock
) -> None:
    one, two, three = storages
    soon, later = clock.after(minutes=1), clock.after(minutes=2)
    for number in range(VISITORS):
        name, other = f"{number}", f"{number} renamed"
        await one.create(name, b"new", soon)
        assert await two.touch(name, soon)
        assert await three.update(name, b"changed", soon)
        assert await one.load_and_touch(name, later)
        assert await two.rotate(name, other)
        await three.save(other, b"saved", later)
        await one.delete(other)
        assert await two.load(other) is None
    assert await three.delete_all() == 0


@pytest.mark.parametrize("open_engine", OPENERS)
async def test_a_connection_waits_unless_that_is_declined(
    nodes: list[URL], open_engine: Opener
) -> None:
    async with open_engine(nodes[0]) as engine:
        assert await ask(engine, WAITS_FOR) == [(3,)]
    async with open_engine(nodes[0], causal_reads=False) as engine:
        assert await ask(engine, WAITS_FOR) == [(0,)]


async def test_what_the_server_waits_for_anyway_stays(nodes: list[URL]) -> None:
    async with opened_by_url(nodes[0], causal_reads=False) as admin:
        await ask(admin, "SET GLOBAL wsrep_sync_wait = 4")
        async with opened_by_url(nodes[0]) as engine:
            assert await ask(engine, WAITS_FOR) == [(7,)]
        await ask(admin, "SET GLOBAL wsrep_sync_wait = 0")


async def test_a_node_out_of_service_is_left_for_the_one_that_a_load_balancer_chooses_next(
    galera: list[Server], nodes: list[URL], clock: Clock
) -> None:
    ports = [node.port for node in galera]

    def choose(_dialect: object, _record: object, _args: object, options: dict[str, Any]) -> None:
        options["port"] = ports[0]

    async with opened_by_url(nodes[0]) as engine:
        event.listen(getattr(engine, "sync_engine", engine), "do_connect", choose)
        storage = storage_on(engine, clock)
        await storage.create("name", b"first", clock.after(minutes=1))
        with out_of_service(galera[0]):
            ports.pop(0)
            assert await storage.update("name", b"second", clock.after(minutes=1))
        session = await storage.load("name")
        assert session is not None
        assert session.data == b"second"
        assert await ask(engine, "SELECT @@port") == [(galera[1].port,)]
        await storage.delete_all()
