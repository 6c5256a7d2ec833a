"""What becomes of the data of a session: when it is written, and what cannot be read or written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar import Request, post

if TYPE_CHECKING:
    import httpx
    import pytest

    from tests.support.clock import Clock
    from tests.support.site import Site


def id_of(client: httpx.AsyncClient) -> str | None:
    """The session ID that the browser has."""
    return client.cookies.get("session")


async def test_what_did_not_change_is_neither_written_nor_sent(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann", "cart": {"items": ["apple"]}})
        clock.advance(seconds=1)
        for path, changes in (("/", None), ("/set", {"name": "Ann"}), ("/set", {}), ("/hold", {})):
            site.gate.open()
            response = await (client.post(path, json=changes) if changes else client.get(path))
            assert "set-cookie" not in response.headers
            assert "cache-control" not in response.headers
        response = await client.get("/")
        assert response.headers["vary"] == "Cookie"


async def test_a_nested_change_is_seen(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": {"items": ["apple"]}})
        await client.post("/nested")
        assert (await client.get("/")).json() == {"cart": {"items": ["apple", "pear"]}}


async def test_an_emptied_session_is_kept(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        before = id_of(client)
        await client.post("/remove", json=["name"])
        assert (await client.get("/")).json() == {}
        assert id_of(client) == before
        await client.post("/set", json={"name": "Bob"})
        assert id_of(client) == before
    assert await site.rows() == 1


async def test_data_that_cannot_be_decoded_is_a_new_session_and_one_warning(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        for data in (b"\x80 no JSON", b"[1]", b"null", b""):
            await site.backend.set(id_of(client), data)
            caplog.clear()
            response = await client.get("/")
            assert (response.status_code, response.json()) == (200, {})
            events = [r for r in caplog.records if r.name == "litestar_sessions"]
            assert [(r.levelno, r.session_event) for r in events] == [  # type: ignore[attr-defined]  # set by extra=
                (logging.WARNING, "undecodable")
            ]
        before = id_of(client)
        await client.post("/set", json={"name": "Bob"})
        assert id_of(client) != before
        assert (await client.get("/")).json() == {"name": "Bob"}


@dataclass
class Basket:
    fruit: str
    count: int = 1


async def test_a_session_may_be_set_as_a_model(site: Site) -> None:
    @post("/basket")
    async def basket(request: Request[Any, Any, Any]) -> None:
        request.set_session(Basket(**await request.json()))

    site.app.register(basket)
    async with site.visitor() as client:
        for fruit in ("apple", "pear"):
            await client.post("/basket", json={"fruit": fruit})
            assert (await client.get("/")).json() == {"fruit": fruit, "count": 1}
    assert await site.rows() == 1


async def test_what_cannot_be_serialized_is_an_error_that_loses_nothing(site: Site) -> None:
    @post("/odd")
    async def odd(request: Request[Any, Any, Any]) -> None:
        request.session["odd"] = object()

    @post("/list")
    async def a_list(request: Request[Any, Any, Any]) -> None:
        request.set_session([1, 2])

    site.app.register(odd)
    site.app.register(a_list)
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        assert (await client.post("/odd")).status_code == 500
        assert (await client.post("/list")).status_code == 500
        assert (await client.get("/")).json() == {"name": "Ann"}
