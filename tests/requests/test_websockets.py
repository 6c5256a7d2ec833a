"""Sessions over WebSockets: loaded when the socket opens, saved when it closes or on demand."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Litestar, Request, WebSocket, get, post, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient

from litestar_sessions import (
    ResponseStartedError,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    refresh_session,
    rotate_session_id,
    save_session,
)
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.testing import WebSocketTestSession

    from tests.support.clock import Clock
    from tests.support.databases import Database

Socket = WebSocket[Any, Any, Any]

ASKING = {"save": save_session, "refresh": refresh_session}


@get("/")
async def show(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return dict(request.session)


@post("/set")
async def set_keys(request: Request[Any, Any, Any]) -> None:
    request.session.update(await request.json())


@post("/clear")
async def clear(request: Request[Any, Any, Any]) -> None:
    request.clear_session()


async def obey(socket: Socket) -> None:
    """Do what the client says until it leaves or says to close."""
    while True:
        command, argument = await socket.receive_json()
        if command == "set":
            socket.session.update(argument)
        elif command == "show":
            await socket.send_json(dict(socket.session))
        elif command in ASKING:
            try:
                await socket.send_json(await ASKING[command](socket) is not None)
            except ResponseStartedError as error:
                await socket.send_json(str(error))
        elif command == "rotate":
            try:
                rotate_session_id(socket)
            except ResponseStartedError as error:
                await socket.send_json(str(error))
        elif command == "clear":
            socket.clear_session()
        elif command == "fail":
            raise RuntimeError("an error of the application")
        else:
            return await socket.close(argument)


@websocket("/obey")
async def obeying(socket: Socket) -> None:
    await socket.accept()
    await obey(socket)


@websocket("/prepared")
async def prepared(socket: Socket) -> None:
    rotate_session_id(socket)
    socket.session["prepared"] = True
    await socket.accept()
    await obey(socket)


@websocket("/refused")
async def refused(socket: Socket) -> None:
    socket.session["refused"] = True
    await socket.close()


@websocket("/rotated")
async def rotated(socket: Socket) -> None:
    rotate_session_id(socket)
    socket.session["user"] = "Bob"
    await socket.close()


@websocket("/saved")
async def saved(socket: Socket) -> None:
    socket.session["user"] = "Bob"
    await save_session(socket)
    await socket.close()


@websocket("/rotated-and-saved")
async def rotated_and_saved(socket: Socket) -> None:
    rotate_session_id(socket)
    await save_session(socket)
    raise RuntimeError("an error of the application")


@websocket("/saved-and-accepted")
async def saved_and_accepted(socket: Socket) -> None:
    socket.session["user"] = "Bob"
    await save_session(socket)
    await socket.accept()
    await obey(socket)


class Watched(Litestar):
    """An application that tells when it is done with a WebSocket, whose cookies come in fields."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":  # as over HTTP/2, which the test client does not speak
            scope["headers"] = [
                (name, part)
                for name, value in scope["headers"]
                for part in (value.split(b"; ") if name == b"cookie" else [value])
            ]
        try:
            await super().__call__(scope, receive, send)
        finally:
            if scope["type"] == "websocket":
                self.state.finished.release()


@contextmanager
def connect(client: TestClient[Watched], path: str) -> Iterator[WebSocketTestSession]:
    """Open a WebSocket; when the block ends, the application is done with it."""
    with client.websocket_connect(path) as socket:
        yield socket
    assert client.app.state.finished.acquire(timeout=30)


@pytest.fixture
def client(any_database: tuple[bool, Database], clock: Clock) -> Iterator[TestClient[Watched]]:
    is_async, database = any_database
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    plugin = SessionPlugin(kind(database.url), model=UserSession, clock=clock, create_table=True)
    handlers = [show, set_keys, clear, obeying, prepared, refused, rotated]
    handlers += [saved, rotated_and_saved, saved_and_accepted]
    app = Watched(handlers, plugins=[plugin], logging_config=None)
    app.state.finished = Semaphore(0)
    with TestClient(app) as client:
        client.blocking_portal.call(plugin.config.create_backend().delete_all)
        yield client


def session(client: TestClient[Watched]) -> Any:
    return client.get("/").json()


def take(client: TestClient[Watched], cookie: str) -> None:
    """Let the browser have the cookie of a WebSocket, which Litestar's client does not read."""
    client.cookies.clear()
    session_id = cookie.partition(";")[0].removeprefix("session=")
    client.cookies.set("session", session_id, domain="testserver.local")


def test_the_session_is_found_among_several_cookies_in_several_fields(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    live = f"session={client.cookies['session']}"
    client.cookies.clear()
    headers = {"cookie": f"theme=dark; {live}; session={'0' * 64}"}
    with client.websocket_connect("/obey", headers=headers) as socket:
        socket.send_json(["show", None])
        assert socket.receive_json() == {"user": "Ann"}


def test_the_session_is_there_and_saved_when_the_application_closes(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["show", None])
        assert socket.receive_json() == {"user": "Ann"}
        socket.send_json(["set", {"seen": 1}])
        socket.send_json(["close", 1000])
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
        # Saved before the client is told.
        assert session(client) == {"user": "Ann", "seen": 1}


def test_changes_are_saved_when_the_client_leaves(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["set", {"seen": 1}])
        socket.send_json(["show", None])
        socket.receive_json()
    assert session(client) == {"user": "Ann", "seen": 1}


def test_changes_are_saved_on_demand_and_those_of_others_arrive(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["set", {"mine": 1}])
        client.post("/set", json={"theirs": 1})
        assert session(client) == {"user": "Ann", "theirs": 1}
        socket.send_json(["save", None])
        assert socket.receive_json() is True
        assert session(client) == {"user": "Ann", "theirs": 1, "mine": 1}
        socket.send_json(["show", None])
        assert socket.receive_json() == {"user": "Ann", "theirs": 1, "mine": 1}
        socket.send_json(["set", {"mine": 2}])
    assert session(client) == {"user": "Ann", "theirs": 1, "mine": 2}


def test_a_session_that_was_ended_meanwhile_stays_ended(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        client.post("/clear")
        socket.send_json(["set", {"seen": 1}])
        socket.send_json(["save", None])
        assert socket.receive_json() is False
        socket.send_json(["set", {"seen": 2}])
    assert session(client) == {}


def test_saving_what_was_not_changed_asks_what_others_have_made_of_it(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        client.post("/set", json={"theirs": 1})
        socket.send_json(["save", None])
        assert socket.receive_json() is True
        socket.send_json(["show", None])
        assert socket.receive_json() == {"user": "Ann", "theirs": 1}
        client.post("/clear")
        socket.send_json(["save", None])
        assert socket.receive_json() is False
        socket.send_json(["show", None])
        assert socket.receive_json() == {}
    assert session(client) == {}


def test_what_has_ended_is_empty_though_it_was_changed(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        client.post("/clear")
        socket.send_json(["set", {"seen": 1}])
        socket.send_json(["save", None])
        assert socket.receive_json() is False
        socket.send_json(["show", None])
        assert socket.receive_json() == {}


def test_the_id_cannot_be_rotated_once_the_socket_is_accepted(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["rotate", None])
        assert "rotate it before" in socket.receive_json()


def test_the_id_can_be_rotated_before(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    before = client.cookies["session"]
    with connect(client, "/prepared") as socket:
        headers = dict(socket.extra_headers or [])
        cookie = headers[b"set-cookie"].decode()
        assert cookie.startswith("session=")
        assert before not in cookie
    assert session(client) == {}
    take(client, cookie)
    assert session(client) == {"user": "Ann", "prepared": True}


def test_a_new_session_can_be_made_before_the_socket_is_accepted(
    client: TestClient[Watched],
) -> None:
    with connect(client, "/prepared") as socket:
        cookie = dict(socket.extra_headers or [])[b"set-cookie"].decode()
    take(client, cookie)
    assert session(client) == {"prepared": True}


def test_a_new_session_cannot_be_made_later(
    client: TestClient[Watched], caplog: pytest.LogCaptureFixture
) -> None:
    with connect(client, "/obey") as socket:
        assert b"set-cookie" not in dict(socket.extra_headers or [])
        socket.send_json(["set", {"seen": 1}])
        socket.send_json(["save", None])
        assert "save it before" in socket.receive_json()
    events = [r.session_event for r in caplog.records if r.name == "litestar_sessions"]  # type: ignore[attr-defined]  # set by extra=
    assert events == ["no_cookie"]


def test_nothing_is_saved_after_an_error(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["set", {"seen": 1}])
        socket.send_json(["fail", None])
        with pytest.raises(WebSocketDisconnect) as raised:
            socket.receive_json()
        assert raised.value.code == 4500
    assert session(client) == {"user": "Ann"}


def test_a_session_that_is_cleared_is_deleted(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["clear", None])
        socket.send_json(["fail", None])
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    assert session(client) == {}


def test_a_refused_socket_saves_too(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/refused"):
        pass
    assert client.app.state.finished.acquire(timeout=30)
    assert session(client) == {"user": "Ann", "refused": True}


def test_a_refused_socket_leaves_no_row_that_nobody_could_find(client: TestClient[Watched]) -> None:
    backend = client.app.plugins.get(SessionPlugin).config.create_backend()
    client.post("/set", json={"user": "Ann"})
    client.cookies.clear()
    for path in ("/refused", "/rotated"):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
            pass
        assert client.app.state.finished.acquire(timeout=30)
    assert client.blocking_portal.call(backend.storage.delete_all) == 1


def test_what_a_refused_socket_has_saved_itself_is_left_by_nobody_either(
    client: TestClient[Watched],
) -> None:
    backend = client.app.plugins.get(SessionPlugin).config.create_backend()
    for path in ("/saved", "/rotated-and-saved"):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
            pass
        assert client.app.state.finished.acquire(timeout=30)
        client.post("/set", json={"user": "Ann"})
    assert client.blocking_portal.call(backend.storage.delete_all) == 1


def test_what_a_socket_has_saved_before_it_is_accepted_is_its_session(
    client: TestClient[Watched],
) -> None:
    with connect(client, "/saved-and-accepted") as socket:
        cookie = dict(socket.extra_headers or [])[b"set-cookie"].decode()
    take(client, cookie)
    assert session(client) == {"user": "Bob"}


def test_a_socket_that_is_refused_after_it_saved_the_session_of_its_visitor_leaves_it(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/saved"):
        pass
    assert client.app.state.finished.acquire(timeout=30)
    assert session(client) == {"user": "Bob"}


def test_a_refused_socket_keeps_the_id_that_the_browser_has(client: TestClient[Watched]) -> None:
    client.post("/set", json={"user": "Ann"})
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/rotated"):
        pass
    assert client.app.state.finished.acquire(timeout=30)
    assert session(client) == {"user": "Ann"}


def test_a_socket_learns_that_its_session_has_ended_when_it_asks(
    client: TestClient[Watched],
) -> None:
    client.post("/set", json={"user": "Ann"})
    with connect(client, "/obey") as socket:
        socket.send_json(["set", {"seen": 1}])
        client.post("/set", json={"cart": 2})
        for command, answer in (
            ("refresh", True),
            ("show", {"user": "Ann", "seen": 1, "cart": 2}),
        ):
            socket.send_json([command, None])
            assert socket.receive_json() == answer
        assert session(client) == {"user": "Ann", "cart": 2}
        client.post("/clear")
        socket.send_json(["refresh", None])
        assert socket.receive_json() is False
        socket.send_json(["set", {"seen": 2}])
        socket.send_json(["save", None])
        assert socket.receive_json() is False
        socket.send_json(["show", None])
        assert socket.receive_json() == {}
        socket.send_json(["close", 4401])
        with pytest.raises(WebSocketDisconnect) as raised:
            socket.receive_json()
        assert raised.value.code == 4401
    assert session(client) == {}
