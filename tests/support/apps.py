"""Small applications with sessions, for Litestar's test client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, get, post
from litestar.testing import TestClient

from litestar_sessions import (
    SessionPlugin,
    SQLAlchemySessionConfig,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Visit = Request[Any, Any, Any]


@get("/")
async def show(request: Visit) -> dict[str, Any]:
    return dict(request.session)


@post("/set")
async def set_keys(request: Visit) -> None:
    request.session.update(await request.json())


@post("/clear")
async def clear(request: Visit) -> None:
    request.clear_session()


def bare_app(route_handlers: Sequence[Any] = (), **options: Any) -> Litestar:
    """Return an application without what takes Litestar long to make, or takes pytest its logs."""
    return Litestar(route_handlers, **{"logging_config": None, "openapi_config": None, **options})


def app_with(*plugins: Any, handlers: Sequence[Any] = (), **options: Any) -> Litestar:
    return bare_app([show, set_keys, clear, *handlers], plugins=plugins, **options)


def app_of(config: SQLAlchemySessionConfig, *handlers: Any, **options: Any) -> Litestar:
    return app_with(SessionPlugin(config), handlers=handlers, **options)


def serve(app: Litestar) -> None:
    """Let a visitor set and see a session."""
    with TestClient(app) as client:
        assert client.post("/set", json={"user": "Ann"}).status_code == 201
        assert client.get("/").json() == {"user": "Ann"}
