"""A session that another request has ended, in a stream and in a background task."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Request, Response, get
from litestar.background_tasks import BackgroundTask
from litestar.response import ServerSentEvent, Stream

from litestar_sessions import save_session
from tests.support.site import Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from tests.support.clock import Clock

Visit = Request[Any, Any, Any]


async def follow(request: Visit) -> AsyncIterator[str]:
    """Say who is there, and again when the gate is open."""
    yield f"{request.session.get('user')} "
    await request.app.state.gate.hold()
    request.session.update({"seen": 1} if request.query_params.get("change") else {})
    is_there = await save_session(request) is not None
    yield f"{is_there} {request.session}"


@get("/stream")
async def stream(request: Visit) -> Stream:
    return Stream(follow(request))


@get("/events")
async def events(request: Visit) -> ServerSentEvent:
    return ServerSentEvent(follow(request))


@get("/later")
async def later(request: Visit) -> Response[str]:
    async def work() -> None:
        request.app.state.said = "".join([part async for part in follow(request)])

    return Response("", background=BackgroundTask(work))


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite"])
async def site(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    url = f"{request.param}:///{tmp_path}/sessions.db"
    options = {"route_handlers": [stream, events, later]}
    is_async = request.param != "sqlite"
    async with open_site(url, is_async=is_async, clock=clock, options=options) as site:
        site.app.state.said = ""
        yield site


async def told(site: Site, client: httpx.AsyncClient, path: str) -> str:
    """Return what is said, when another browser has signed out or changed the session meanwhile."""
    said = (await client.get(path)).text
    return said or str(site.app.state.said)


@pytest.mark.parametrize("change", ["", "?change=1"])
@pytest.mark.parametrize("path", ["/stream", "/events", "/later"])
async def test_what_has_ended_is_empty(site: Site, path: str, change: str) -> None:
    async with site.visitor() as client, site.visitor() as other:
        await client.post("/set", json={"user": "Ann"})
        other.cookies = client.cookies
        telling = asyncio.create_task(told(site, client, path + change))
        await site.gate.reached()
        await other.post("/clear")
        site.gate.open()
        said = await telling
    assert "Ann" in said
    assert "False {}" in said
    assert await site.rows() == 0


@pytest.mark.parametrize("path", ["/stream", "/events", "/later"])
async def test_what_others_have_changed_arrives(site: Site, path: str) -> None:
    async with site.visitor() as client, site.visitor() as other:
        await client.post("/set", json={"user": "Ann"})
        other.cookies = client.cookies
        telling = asyncio.create_task(told(site, client, f"{path}?change=1"))
        await site.gate.reached()
        await other.post("/set", json={"user": "Bob"})
        site.gate.open()
        assert "True {'user': 'Bob', 'seen': 1}" in await telling
        assert (await client.get("/")).json() == {"user": "Bob", "seen": 1}
