"""A request that is cancelled after it has cleared its session has ended it all the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from litestar import Request, Response, WebSocket, post, websocket
from litestar.background_tasks import BackgroundTask

from tests.support.site import Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.clock import Clock
    from tests.support.databases import Database

Visit = Request[Any, Any, Any]


@post("/clear-and-wait")
async def clear_and_wait(request: Visit) -> None:
    request.clear_session()
    await request.app.state.gate.hold()


@post("/clear-later")
async def clear_later(request: Visit) -> Response[str]:
    async def later() -> None:
        request.clear_session()
        await request.app.state.gate.hold()

    return Response("started", background=BackgroundTask(later))


@websocket("/socket")
async def socket_clear(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    socket.clear_session()
    await socket.app.state.gate.hold()


HANDLERS = [clear_and_wait, clear_later, socket_clear]


@pytest.fixture
async def site(any_database: tuple[bool, Database], clock: Clock) -> AsyncIterator[Site]:
    is_async, database = any_database
    options = {"route_handlers": HANDLERS}
    async with open_site(database.url, is_async=is_async, clock=clock, options=options) as site:
        yield site


@pytest.mark.parametrize("path", ["/clear-and-wait", "/clear-later"])
async def test_a_request_that_is_cancelled_has_signed_out(site: Site, path: str) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        request = asyncio.create_task(client.post(path))
        await site.gate.reached()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert await site.rows() == 0


async def test_a_request_that_is_cancelled_again_and_again_has_signed_out(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        async with anyio.create_task_group() as group:
            group.start_soon(client.post, "/clear-and-wait")
            await site.gate.reached()
            group.cancel_scope.cancel()
    assert await site.rows() == 0


async def test_a_request_that_is_cancelled_while_it_signs_out_has_done_so(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        session_id = client.cookies["session"]
        request = asyncio.create_task(client.post("/clear", params={"hold": "1"}))
        await site.gate.reached()
        site.gate.open()
        for _ in range(4):
            await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])
    async with site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {}


async def test_a_socket_that_is_cancelled_has_signed_out(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        cookie = f"session={client.cookies['session']}".encode()
    scope = {
        "type": "websocket",
        "path": "/socket",
        "query_string": b"",
        "headers": [(b"cookie", cookie)],
        "root_path": "",
        "subprotocols": [],
    }
    sent: asyncio.Queue[Any] = asyncio.Queue()
    received: asyncio.Queue[Any] = asyncio.Queue()
    await received.put({"type": "websocket.connect"})
    socket = asyncio.create_task(site.app(scope, received.get, sent.put))  # type: ignore[arg-type]  # Litestar's types of ASGI are stricter
    await site.gate.reached()
    socket.cancel()
    await asyncio.wait([socket])
    assert socket.cancelled()
    assert await site.rows() == 0


async def test_endings_outlive_the_cancellation_of_every_task(site: Site) -> None:
    others = asyncio.all_tasks()
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        request = asyncio.create_task(client.post("/clear-and-wait"))
        await site.gate.reached()
        for _ in range(2):  # the request, and then what ends its session too
            for task in asyncio.all_tasks() - others:
                task.cancel()
            for _ in range(2):
                await asyncio.sleep(0)
        await asyncio.wait([request])
        await site.backend.settings.endings.wait()
    assert await site.rows() == 0
