"""What shared caches are told: a page that depends on a session is not for others."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Request, asgi, get, post
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.serialization import encode_json
from litestar.types import Receive, Scope, Send  # noqa: TC002 - Litestar reads the annotations

from litestar_sessions import SessionError, save_session
from litestar_sessions._requests.strangers import StrangersSession
from tests.support.site import Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import httpx
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    from tests.support.clock import Clock

Visit = Request[Any, Any, Any]

LOOKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "get": lambda session: session.get("user"),
    "del": lambda session: session.__delitem__("user"),
    "index": lambda session: session["user"],
    "in": lambda session: "user" in session,
    "bool": bool,
    "len": len,
    "list": list,
    "iter": iter,
    "reversed": reversed,
    "dict": dict,
    "spread": lambda session: {**session},
    "keys": lambda session: session.keys(),
    "values": lambda session: session.values(),
    "items": lambda session: session.items(),
    "equal": lambda session: session == {},
    "unequal": lambda session: session != {},
    "or": lambda session: session | {"theme": "dark"},
    "or, reflected": lambda session: {"theme": "dark"} | session,
    "copy": lambda session: session.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "repr": repr,
    "str": str,
    "format": "{}".format,
    "pop": lambda session: session.pop("user", None),
    "popitem": lambda session: session.popitem(),
    "setdefault": lambda session: session.setdefault("user", "nobody"),
}


@get("/look")
async def look(request: Visit) -> str:
    try:
        LOOKS[request.query_params["how"]](request.session)
    except KeyError:
        return "Hello stranger"
    return "Hello"


def must_be_known(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    if "user" not in connection.session:
        raise NotAuthorizedException


@get("/guarded", guards=[must_be_known])
async def guarded() -> str:
    return "Hello"


@get("/missing")
async def missing(request: Visit) -> None:
    raise NotFoundException(f"no page of {request.session.get('user')}")


@get("/forgotten")
async def forgotten(request: Visit) -> str:
    had_user = "user" in request.session
    request.clear_session()
    return str(had_user)


@get("/replaced")
async def replaced(request: Visit) -> str:
    had_user = "user" in request.session
    request.set_session({})
    return str(had_user)


@get("/asked")
async def asked(request: Visit) -> str:
    return "stranger" if await save_session(request) is None else "user"


@asgi("/mounted", is_mount=True, copy_scope=True)
async def mounted(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
    body = b"Hello" if scope["session"] else b"Hello stranger"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@get("/passed-on")
async def passed_on(request: Visit) -> str:
    _ = [request.scope.get("session")]
    return "the same for everybody"


@get("/returned")
async def returned(request: Visit) -> dict[str, Any]:
    return request.session


@get("/returned-in")
async def returned_in(request: Visit) -> dict[str, Any]:
    return {"session": request.session}


@get("/dumped")
async def dumped(request: Visit) -> str:
    return json.dumps(request.session)


@get("/varied", response_headers={"Vary": "Accept-Encoding"})
async def varied(request: Visit) -> str:
    return str(request.session.get("user")) * 1_000


@post("/public-sign-out", response_headers={"Cache-Control": "public, max-age=9"})
async def sign_out_of_the_public(request: Visit) -> None:
    request.clear_session()


HANDLERS = (
    *(look, guarded, missing, forgotten, replaced, asked, mounted, passed_on, varied),
    *(returned, returned_in, dumped),
    sign_out_of_the_public,
)
ORIGIN = "https://app.test"


@pytest.fixture(params=["our config", "Litestar's config"])
async def site(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    wiring: Wiring = request.param
    options = {
        "route_handlers": HANDLERS,
        "compression_config": CompressionConfig(backend="gzip"),
        "cors_config": CORSConfig(allow_origins=[ORIGIN]),
    }
    url = f"sqlite:///{tmp_path}/s.db"
    async with open_site(url, is_async=False, clock=clock, wiring=wiring, options=options) as site:
        yield site


def varies(response: httpx.Response) -> set[str]:
    """Return what the response says that it depends on."""
    names = response.headers.get("vary", "").lower().split(",")
    return {name.strip() for name in names} - {""}


async def test_each_look_at_the_session_of_a_stranger_is_told(site: Site) -> None:
    async with site.visitor() as client:
        for how in LOOKS:
            response = await client.get("/look", params={"how": how})
            assert response.status_code == 200
            assert "cookie" in varies(response), how
            client.cookies.clear()  # "setdefault" begins a session


@pytest.mark.parametrize("path", ["/returned", "/returned-in", "/dumped"])
async def test_a_session_that_is_serialized_was_looked_at(site: Site, path: str) -> None:
    async with site.visitor() as client:
        assert "cookie" in varies(await client.get(path))
        await client.post("/set", json={"user": "Ann"})
        assert "Ann" in (await client.get(path)).text


def test_copies_of_the_session_of_a_stranger_are_plain_dictionaries() -> None:
    session = StrangersSession()
    session["cart"] = [1]
    for duplicate in (
        *(session.copy(), copy.copy(session), copy.deepcopy(session), session | {}),
        pickle.loads(pickle.dumps(session)),
    ):
        assert type(duplicate) is dict
        assert duplicate == {"cart": [1]}
    assert json.loads(encode_json(session)) == {"cart": [1]}


@pytest.mark.parametrize("session_id", [None, "null", "0" * 64], ids=["none", "no ID", "unknown"])
async def test_it_is_told_wherever_the_look_is_and_whatever_becomes_of_the_session(
    site: Site, session_id: str | None
) -> None:
    async with site.visitor(session_id) as client:
        for path in ("guarded", "missing", "replaced", "asked", "mounted/page", "forgotten"):
            assert "cookie" in varies(await client.get(f"/{path}")), path


async def test_a_page_that_never_looks_is_for_everybody(site: Site) -> None:
    async with site.visitor() as client:
        for path in ("/quiet", "/passed-on"):
            response = await client.get(path)
            assert varies(response) == set()
            assert "cache-control" not in response.headers
            assert varies(await client.get(path, headers={"origin": ORIGIN})) == {"origin"}


async def test_cors_leaves_the_cookie_in_vary(site: Site) -> None:
    async with site.visitor() as client:
        for visitor in ("a stranger", "somebody with a session"):
            response = await client.get("/", headers={"origin": ORIGIN})
            assert response.headers["access-control-allow-origin"] == ORIGIN
            assert varies(response) == {"origin", "cookie"}
            assert varies(await client.get("/varied", headers={"origin": ORIGIN})) >= {
                *("origin", "cookie"),
            }
            other = await client.get("/varied", headers={"origin": "https://other.test"})
            assert varies(other) == {"accept-encoding", "cookie"}
            assert len(other.headers.get_list("vary")) == 1
            response = await client.post("/set", json={"as": visitor}, headers={"origin": ORIGIN})
            assert varies(response) == {"origin", "cookie"}
            assert ("set-cookie" in response.headers) is (visitor == "a stranger")


async def test_a_cookie_that_is_cleared_is_cleared_for_its_visitor_only(site: Site) -> None:
    async with site.visitor("0" * 64) as client:
        response = await client.post("/public-sign-out")
        assert "Max-Age=0;" in response.headers["set-cookie"]
        assert "cookie" in varies(response)


async def test_a_page_that_does_without_a_session_that_could_not_be_loaded_is_not_for_others(
    tmp_path: Path, clock: Clock
) -> None:
    @get("/despite")
    async def despite(request: Visit) -> str:
        try:
            return str(request.session["user"])
        except SessionError:
            return "Hello stranger"

    url = f"sqlite:///{tmp_path}/s.db"
    options = {"route_handlers": [despite]}
    async with open_site(url, is_async=False, clock=clock, options=options) as site:
        await site.drop_table()
        async with site.visitor("0" * 64) as client:
            assert varies(await client.get("/quiet")) == set()
            response = await client.get("/despite")
            assert response.text == "Hello stranger"
            assert varies(response) == {"cookie"}
