"""The backends below Litestar's own session middleware, on every layer that takes middleware."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from litestar import Controller, Litestar, Request, Router, get, post
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware

from tests.support.apps import bare_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.backends import Backend


@get("/")
async def show(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return request.session


@post("/")
async def store(request: Request[Any, Any, Any]) -> None:
    request.session.update(await request.json())


@post("/clear")
async def clear(request: Request[Any, Any, Any]) -> None:
    request.clear_session()


def visitor(app: Litestar) -> httpx.AsyncClient:
    """A client in the loop of the test, where the engine's connections are."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")  # type: ignore[arg-type]  # Litestar's types of ASGI are stricter


HANDLERS = [show, store, clear]


def on_app(middleware: Any) -> Litestar:
    return bare_app(HANDLERS, middleware=[middleware])


def on_router(middleware: Any) -> Litestar:
    return bare_app([Router("/", route_handlers=HANDLERS, middleware=[middleware])])


def on_controller(middleware: Any) -> Litestar:
    class Sessions(Controller):
        path = "/"

        @get("/")
        async def show(self, request: Request[Any, Any, Any]) -> dict[str, Any]:
            return request.session

        @post("/")
        async def store(self, request: Request[Any, Any, Any]) -> None:
            request.session.update(await request.json())

        @post("/clear")
        async def clear(self, request: Request[Any, Any, Any]) -> None:
            request.clear_session()

    Sessions.middleware = [middleware]
    return bare_app([Sessions])


def on_handlers(middleware: Any) -> Litestar:
    @get("/", middleware=[middleware])
    async def show(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return request.session

    @post("/", middleware=[middleware])
    async def store(request: Request[Any, Any, Any]) -> None:
        request.session.update(await request.json())

    @post("/clear", middleware=[middleware])
    async def clear(request: Request[Any, Any, Any]) -> None:
        request.clear_session()

    return bare_app([show, store, clear])


@pytest.mark.parametrize("make_app", [on_app, on_router, on_controller, on_handlers])
@pytest.mark.parametrize("define", [DefineMiddleware, partial], ids=["DefineMiddleware", "partial"])
async def test_a_session_outlives_the_request_on_every_layer(
    backend: Backend, make_app: Callable[[Any], Litestar], define: Callable[..., Any]
) -> None:
    app = make_app(define(SessionMiddleware, backend=backend))
    async with visitor(app) as client:
        assert (await client.get("/")).json() == {}
        await client.post("/", json={"name": "Ann", "visits": 1})
        await client.post("/", json={"visits": 2})
        assert (await client.get("/")).json() == {"name": "Ann", "visits": 2}
        session_id = client.cookies["session"]
        assert await backend.get(session_id) == b'{"name":"Ann","visits":2}'
        await client.post("/clear")
        assert await backend.get(session_id) is None


async def test_two_visitors_have_sessions_of_their_own(backend: Backend) -> None:
    app = on_app(DefineMiddleware(SessionMiddleware, backend=backend))
    async with visitor(app) as ann, visitor(app) as bob:
        await ann.post("/", json={"name": "Ann"})
        await bob.post("/", json={"name": "Bob"})
        assert (await ann.get("/")).json() == {"name": "Ann"}
        assert (await bob.get("/")).json() == {"name": "Bob"}


async def test_an_expired_session_is_an_empty_one(backend: Backend, clock: Any) -> None:
    app = on_app(DefineMiddleware(SessionMiddleware, backend=backend))
    async with visitor(app) as client:
        await client.post("/", json={"name": "Ann"})
        clock.advance(hours=1)
        assert (await client.get("/")).json() == {}
