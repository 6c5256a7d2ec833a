"""What a visitor meets: requests to an application, on both backends and every driver.

Each test holds below Litestar's own middleware and config, and below ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
from litestar import Request, get, post
from litestar.exceptions import NotAuthorizedException
from litestar.response import Redirect

from tests.support.site import MAX_AGE, Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database

UNKNOWN = "0123456789abcdef" * 4


@post("/forbidden")
async def forbidden(request: Request[Any, Any, Any]) -> None:
    request.session["tried"] = True
    raise NotAuthorizedException


@get("/redirect")
async def redirect(request: Request[Any, Any, Any]) -> Redirect:
    request.session["redirected"] = True
    return Redirect("/")


@get("/cached", cache=60)
async def cached(request: Request[Any, Any, Any]) -> str:
    request.session["visits"] = 1
    return "the same for everybody"


@get("/varied", response_headers={"Vary": "Accept-Encoding", "Cache-Control": "private, max-age=9"})
async def varied(request: Request[Any, Any, Any]) -> str:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return "with headers of its own"


HANDLERS = (forbidden, redirect, cached, varied)


@pytest.fixture(params=get_args(Wiring))
async def site(
    request: pytest.FixtureRequest, any_database: tuple[bool, Database], clock: Clock
) -> AsyncIterator[Site]:
    is_async, database = any_database
    options = {"route_handlers": HANDLERS, "logging_config": None}
    async with open_site(
        database.url, is_async=is_async, clock=clock, wiring=request.param, options=options
    ) as site:
        yield site


def id_of(client: httpx.AsyncClient) -> str | None:
    """The session ID that the browser has."""
    return client.cookies.get("session")


async def test_an_anonymous_visitor_has_no_row_and_no_cookie(site: Site) -> None:
    async with site.visitor() as client:
        for path in ("/", "/quiet", "/id") * 3:
            response = await client.get(path)
            assert response.status_code == 200
            assert {"set-cookie", "cache-control"}.isdisjoint(response.headers)
            assert ("vary" in response.headers) == (path == "/")  # which shows the session
        await client.post("/clear")
        await client.post("/set", json={})
    assert await site.rows() == 0


async def test_a_session_is_there_in_the_next_request(site: Site) -> None:
    async with site.visitor() as client:
        response = await client.post("/set", json={"name": "Ann"})
        assert f"Max-Age={MAX_AGE};" in response.headers["set-cookie"]
        assert "HttpOnly" in response.headers["set-cookie"]
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["vary"] == "Cookie"
        assert (await client.get("/")).json() == {"name": "Ann"}
    assert await site.rows() == 1


async def test_the_id_of_a_new_session_is_known_before_the_handler_runs(site: Site) -> None:
    seen: list[str | None] = []

    @post("/see")
    async def see(request: Request[Any, Any, Any]) -> None:
        seen.append(request.get_session_id())
        request.session["name"] = "Ann"

    site.app.register(see)
    async with site.visitor() as client:
        await client.post("/see")
        assert seen == [id_of(client)]
        assert (await client.get("/id")).text == id_of(client)


@pytest.mark.parametrize(
    "session_id",
    [UNKNOWN, "null", "", "short", "x" * 64, UNKNOWN.upper(), UNKNOWN + "00", "0" * 5_000],
)
async def test_an_id_of_the_clients_making_is_never_adopted(site: Site, session_id: str) -> None:
    async with site.visitor(session_id) as client:
        response = await client.get("/")
        assert (response.status_code, response.json()) == (200, {})
        assert "set-cookie" not in response.headers
    async with site.visitor(session_id) as client:
        assert (await client.get("/id")).text != session_id
        response = await client.post("/set", json={"name": "Ann"})
        assert response.status_code == 201
        assert response.cookies["session"] != session_id
    async with site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {}
    assert await site.rows() == 1


async def test_an_expired_session_is_not_used_again(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        expired = id_of(client)
        clock.advance(seconds=MAX_AGE)
        assert (await client.get("/")).json() == {}
        await client.post("/set", json={"name": "Bob"})
        assert id_of(client) != expired
        assert (await client.get("/")).json() == {"name": "Bob"}


async def test_clearing_deletes_the_row_and_the_cookie(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        stolen = id_of(client)
        response = await client.post("/clear")
        cookie = response.headers["set-cookie"]
        assert "Max-Age=0;" in cookie
        assert "expires" not in cookie.lower()
        assert "Path=/;" in cookie
        assert id_of(client) is None
    assert await site.rows() == 0
    async with site.visitor(stolen) as thief:
        assert (await thief.get("/")).json() == {}
        await thief.post("/set", json={"name": "Eve"})
        assert thief.cookies["session"] != stolen


async def test_what_follows_a_clear_is_another_session(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann", "secret": 1})
        before = id_of(client)
        response = await client.post("/restart", json={"name": "Bob"})
        assert response.headers.get_list("set-cookie") == [response.headers["set-cookie"]]
        assert id_of(client) != before
        assert (await client.get("/")).json() == {"name": "Bob"}
        assert (await client.get("/id")).text == id_of(client)
    async with site.visitor(before) as thief:
        assert (await thief.get("/")).json() == {}
    assert await site.rows() == 1


async def test_rotating_kills_the_old_id_and_keeps_the_data(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        planted = id_of(client)
        response = await client.post("/rotate", json={"user": "Ann"})
        assert id_of(client) not in {planted, None}
        assert response.text == id_of(client)
        assert (await client.get("/")).json() == {"cart": 1, "user": "Ann"}
    async with site.visitor(planted) as attacker:
        assert (await attacker.get("/")).json() == {}
    assert await site.rows() == 1


async def test_rotating_without_a_change_rotates(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        before = id_of(client)
        await client.post("/rotate", json={})
        assert id_of(client) != before
        assert (await client.get("/")).json() == {"cart": 1}


async def test_rotating_what_is_not_stored_changes_nothing(site: Site) -> None:
    async with site.visitor() as client:
        response = await client.post("/rotate", json={})
        assert "set-cookie" not in response.headers
        response = await client.post("/rotate", json={"user": "Ann"})
        assert response.text == id_of(client)
    assert await site.rows() == 1


async def test_nothing_is_saved_on_an_error(site: Site) -> None:
    async with site.visitor() as client:
        response = await client.post("/fail", json={"name": "Ann"})
        assert (response.status_code, await site.rows()) == (500, 0)
        assert "set-cookie" not in response.headers
        await client.post("/set", json={"name": "Ann"})
        await client.post("/fail", json={"name": "Bob"})
        assert (await client.get("/")).json() == {"name": "Ann"}


async def test_a_cleared_session_is_deleted_on_an_error_too(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        response = await client.post("/clear-and-fail")
        assert response.status_code == 500
        assert "Max-Age=0;" in response.headers["set-cookie"]
    assert await site.rows() == 0


async def test_a_clients_error_and_a_redirect_save(site: Site) -> None:
    async with site.visitor() as client:
        assert (await client.post("/forbidden")).status_code == 401
        assert (await client.get("/redirect")).status_code == 302
        assert (await client.get("/")).json() == {"tried": True, "redirected": True}


async def test_head_and_options_read_like_get(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        assert "set-cookie" not in (await client.options("/")).headers
        assert (await client.get("/")).json() == {"name": "Ann"}


async def test_a_cached_response_hands_no_cookie_to_others(site: Site) -> None:
    async with site.visitor() as ann, site.visitor() as bob:
        assert "set-cookie" in (await ann.get("/cached")).headers
        response = await bob.get("/cached")
        assert response.text == "the same for everybody"
        assert {"set-cookie", "cache-control"}.isdisjoint(response.headers)
        assert (await ann.get("/")).json() == {"visits": 1}
        assert (await bob.get("/")).json() == {}


async def test_headers_of_the_handler_are_kept(site: Site) -> None:
    async with site.visitor() as client:
        response = await client.get("/varied")
        names = [name.strip() for name in response.headers["vary"].split(",")]
        assert sorted(names) == ["Accept-Encoding", "Cookie"]
        assert response.headers["cache-control"] == "private, max-age=9"
