"""Copies of a scope: wherever a session is set or cleared, the connection has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from litestar import Litestar, Response, WebSocket, asgi, get, post, websocket
from litestar.connection import ASGIConnection
from litestar.exceptions import WebSocketDisconnect
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware
from litestar.testing import TestClient

from litestar_sessions import SessionPlugin, rotate_session_id, save_session
from tests.support.apps import Visit, app_of, bare_app, set_keys, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp, Receive, Scope, Send

    from litestar_sessions import SQLAlchemySessionConfig

COPIES: dict[str, Callable[[Any], Any]] = {
    "unpacked": lambda scope: {**scope},
    "dict": dict,
    "copy": lambda scope: scope.copy(),
    "other state": lambda scope: {**scope, "state": {}},
    "copied state": lambda scope: {**scope, "state": {**scope["state"]}},
}


@pytest.fixture(params=COPIES)
def copying(request: pytest.FixtureRequest) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that calls the application with a copy of a copy."""
    copy = COPIES[request.param]

    def middleware(app: ASGIApp) -> ASGIApp:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            await app(copy(copy(scope)), receive, send)

        return call

    return middleware


@post("/in/clear")
async def clear(request: Visit) -> None:
    request.clear_session()


@post("/in/set")
async def replace(request: Visit) -> None:
    request.set_session(await request.json())


@post("/in/restart")
async def restart(request: Visit) -> None:
    session = request.session
    request.clear_session()
    request.set_session(session)


@post("/in/rotate")
async def rotate(request: Visit) -> None:
    rotate_session_id(request)
    request.set_session({"user": "Bob"})


@post("/in/save")
async def save_early(request: Visit) -> bool:
    request.set_session({"user": "Bob"})
    await save_session(request)
    request.clear_session()
    return await save_session(request) is None


@post("/in/set-and-clear")
async def set_and_clear(request: Visit) -> None:
    request.set_session({"user": "Bob"})


@websocket("/in/socket")
async def socket_clear(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    socket.clear_session()
    await socket.close()


class SignOutError(Exception):
    """What ends a session, in a handler of exceptions."""


def sign_out(request: Visit, _: Exception) -> Response[None]:
    request.clear_session()
    return Response(None, status_code=403)


@post("/in/raise")
async def raise_here() -> None:
    raise SignOutError


@post("/in/raise-below", exception_handlers={SignOutError: sign_out})
async def raise_below() -> None:
    raise SignOutError


HANDLERS = [
    raise_here,
    raise_below,
    clear,
    replace,
    restart,
    rotate,
    save_early,
    set_and_clear,
    socket_clear,
]


def clearing(app: ASGIApp) -> ASGIApp:
    """Clear the session of one path in a scope that the handler does not have."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        async def clear_and_send(message: Any) -> None:
            if scope["path"] == "/in/set-and-clear":
                ASGIConnection[Any, Any, Any, Any](scope).clear_session()
            await send(message)

        await app(scope, receive, clear_and_send)

    return call


@pytest.fixture(params=["plugin", "middleware", "Litestar's middleware"])
def app(
    request: pytest.FixtureRequest,
    config: SQLAlchemySessionConfig,
    copying: Callable[[ASGIApp], ASGIApp],
) -> Litestar:
    alone: Any = config.middleware
    if request.param == "Litestar's middleware":
        alone = DefineMiddleware(SessionMiddleware, backend=config.create_backend())
    is_plugin = request.param == "plugin"
    return bare_app(
        [show, set_keys, *HANDLERS],
        plugins=[SessionPlugin(config, middleware=is_plugin)],
        exception_handlers={SignOutError: sign_out},
        middleware=[*([] if is_plugin else [alone]), clearing, copying],
    )


def sign_in(client: TestClient[Litestar]) -> str:
    client.post("/set", json={"user": "Ann"})
    return client.cookies["session"]


def sees(client: TestClient[Litestar], session_id: str) -> Any:
    """Return what whoever has kept a session ID sees."""
    client.cookies.clear()
    client.cookies.set("session", session_id, domain="testserver.local")
    return client.get("/").json()


def test_clearing_in_a_copy_signs_out(app: Litestar) -> None:
    with TestClient(app) as client:
        before = sign_in(client)
        response = client.post("/in/clear")
        assert "session=null" in response.headers["set-cookie"]
        assert "session" not in client.cookies
        assert sees(client, before) == {}


# In one with another state Litestar itself finds no handlers of exceptions.
@pytest.mark.parametrize("copying", ["unpacked", "copied state"], indirect=True)
@pytest.mark.parametrize("path", ["/in/raise", "/in/raise-below"])
def test_clearing_in_a_handler_of_exceptions_signs_out(app: Litestar, path: str) -> None:
    with TestClient(app) as client:
        before = sign_in(client)
        assert client.post(path).status_code == 403
        assert "session" not in client.cookies
        assert sees(client, before) == {}


def test_what_is_set_in_a_copy_is_the_session(app: Litestar) -> None:
    with TestClient(app) as client:
        client.post("/in/set", json={"user": "Ann"})
        assert client.get("/").json() == {"user": "Ann"}
        client.post("/in/set", json={"cart": 1})
        assert client.get("/").json() == {"cart": 1}


def test_what_is_set_again_after_clearing_in_a_copy_is_another_session(app: Litestar) -> None:
    with TestClient(app) as client:
        before = sign_in(client)
        client.post("/in/restart")
        assert client.cookies["session"] != before
        assert client.get("/").json() == {"user": "Ann"}
        assert sees(client, before) == {}


def test_rotating_in_a_copy_kills_the_old_id(app: Litestar) -> None:
    with TestClient(app) as client:
        before = sign_in(client)
        client.post("/in/rotate")
        assert client.get("/").json() == {"user": "Bob"}
        assert sees(client, before) == {}


def test_saving_in_a_copy_saves_what_is_there(app: Litestar) -> None:
    with TestClient(app) as client:
        before = sign_in(client)
        assert client.post("/in/save").json() is True
        assert "session" not in client.cookies
        assert sees(client, before) == {}


def test_what_is_set_in_one_copy_and_cleared_in_another_scope_is_ended(app: Litestar) -> None:
    with TestClient(app) as client:
        before = sign_in(client)
        client.post("/in/set-and-clear")
        assert "session" not in client.cookies
        assert sees(client, before) == {}


def test_clearing_in_a_copy_ends_the_session_of_a_socket(
    config: SQLAlchemySessionConfig, copying: Callable[[ASGIApp], ASGIApp]
) -> None:
    with TestClient(app_of(config, *HANDLERS, middleware=[copying])) as client:
        sign_in(client)
        with client.websocket_connect("/in/socket") as socket, pytest.raises(WebSocketDisconnect):
            socket.receive()
        assert client.get("/").json() == {}


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("path", ["clear", "rotate"])
def test_a_mount_with_a_copy_of_the_scope_has_the_same_session(
    config: SQLAlchemySessionConfig, depth: int, path: str
) -> None:
    inner: ASGIApp = bare_app([clear, rotate])

    def mount(app: ASGIApp, at: str) -> Any:
        @asgi(at, is_mount=True, copy_scope=True)
        async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

        return mounted

    for _ in range(1, depth):
        inner = bare_app([mount(inner, "/mounted")])
    prefix = "/mounted" * depth
    with TestClient(app_of(config, mount(inner, "/mounted"))) as client:
        before = sign_in(client)
        assert client.post(f"{prefix}/in/{path}").status_code == 201
        assert client.get("/").json() == ({} if path == "clear" else {"user": "Bob"})
        assert sees(client, before) == {}


def test_a_session_inside_another_is_cleared_alone_in_a_copy(
    config: SQLAlchemySessionConfig, copying: Callable[[ASGIApp], ASGIApp]
) -> None:
    inner = SessionPlugin("sqlite://", key="staff", middleware=False).config

    @post("/staff", middleware=[copying, inner.middleware, copying])
    async def staff(request: Visit) -> None:
        request.set_session({"staff": True})

    @post("/staff/clear", middleware=[copying, inner.middleware, copying])
    async def clear_staff(request: Visit) -> None:
        request.clear_session()

    with TestClient(app_of(config, staff, clear_staff)) as client:
        sign_in(client)
        client.post("/staff")
        assert "staff" in client.cookies
        client.post("/staff/clear")
        assert "staff" not in client.cookies
        assert client.get("/").json() == {"user": "Ann"}
        client.blocking_portal.call(inner.dispose)


def test_connections_without_a_session_are_left_alone(config: SQLAlchemySessionConfig) -> None:
    config.create_backend()

    @get("/none")
    async def none(request: Visit) -> bool:
        request.set_session({"own": 1})
        request.clear_session()
        return request.get_session_id() is None

    with TestClient(bare_app([none])) as client:
        assert client.get("/none").json() is True
