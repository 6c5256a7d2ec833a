"""Another owner where no cookie can be sent: in sockets, streams and background tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from litestar import Response, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import WebSocketDisconnect
from litestar.response import Stream
from litestar.testing import TestClient

from litestar_sessions import (
    ResponseStartedError,
    SessionPlugin,
    end_all_sessions,
    end_other_sessions,
    save_session,
)
from tests.requests.test_owners import MEMORY
from tests.support.apps import app_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from litestar import Litestar, Request, WebSocket

TOLD: list[Any] = []


async def change(connection: Any, owner: Any) -> None:
    """Change the owner and save; tell what came of it."""
    if owner is None:
        connection.session.pop("user_id", None)
    else:
        connection.session["user_id"] = owner
    try:
        stored = await save_session(connection)
        TOLD.append((stored is not None, dict(connection.session)))
    except ResponseStartedError as error:
        TOLD.append(str(error))


@websocket("/socket")
async def socket_that_changes(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await change(socket, await socket.receive_json())
    await socket.close()


@websocket("/unsaved")
async def socket_that_closes(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    socket.session["user_id"] = await socket.receive_json()
    await socket.close()


@websocket("/ending")
async def socket_that_ends(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.receive_json()
    TOLD.append((await end_other_sessions(socket), await end_all_sessions(socket)))
    TOLD.append(dict(socket.session))
    await socket.close()


@websocket("/early")
async def socket_that_signs_in_first(socket: WebSocket[Any, Any, Any]) -> None:
    socket.session["user_id"] = "Bob"
    await socket.accept()
    await socket.close()


@post("/stream")
async def stream(request: Request[Any, Any, Any]) -> Stream:
    owner = await request.json()

    async def parts() -> AsyncIterator[bytes]:
        yield b"part"
        await change(request, owner)

    return Stream(parts())


@post("/background")
async def background(request: Request[Any, Any, Any]) -> Response[str]:
    task = BackgroundTask(change, request, await request.json())
    return Response("later", background=task)


HANDLERS = (
    *(socket_that_changes, socket_that_closes, socket_that_ends, socket_that_signs_in_first),
    *(stream, background),
)


@pytest.fixture(params=MEMORY)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    url = request.param + f"/{tmp_path}/sessions.db"
    TOLD.clear()
    app = app_with(SessionPlugin(url, owner="user_id"), handlers=HANDLERS)
    with TestClient(app) as client:
        client.post("/set", json={"user_id": "Ann", "cart": 1})
        yield client


def say(client: TestClient[Litestar], path: str, owner: Any) -> None:
    """Have the owner changed after the response or the socket has started."""
    if path in {"/stream", "/background"}:
        client.post(path, json=owner)
        return
    with client.websocket_connect(path) as socket:
        socket.send_json(owner)
        with pytest.raises(WebSocketDisconnect):
            socket.receive()


LATE = ("/socket", "/stream", "/background")


@pytest.mark.parametrize("path", LATE)
def test_nobody_becomes_somebody_else_without_a_cookie(
    client: TestClient[Litestar], path: str
) -> None:
    say(client, path, "Bob")
    (told,) = TOLD
    assert "cannot get another owner" in told
    assert client.get("/").json() == {"user_id": "Ann", "cart": 1}


@pytest.mark.parametrize("path", LATE)
def test_signing_out_without_a_cookie_ends_the_session(
    client: TestClient[Litestar], path: str
) -> None:
    say(client, path, None)
    assert TOLD == [(False, {})]
    assert client.get("/").json() == {}


@pytest.mark.parametrize("path", LATE)
def test_other_changes_are_saved_as_ever(client: TestClient[Litestar], path: str) -> None:
    say(client, path, "Ann")
    assert TOLD == [(True, {"user_id": "Ann", "cart": 1})]


def test_a_socket_that_closes_as_somebody_else_changes_nothing(
    client: TestClient[Litestar], caplog: pytest.LogCaptureFixture
) -> None:
    say(client, "/unsaved", "Bob")
    assert client.get("/").json() == {"user_id": "Ann", "cart": 1}
    assert [r.session_event for r in caplog.records if r.name == "litestar_sessions"] == [  # type: ignore[attr-defined]  # set by extra=
        "no_cookie"
    ]


def test_a_socket_that_signs_in_before_it_is_accepted_has_another_id(
    client: TestClient[Litestar],
) -> None:
    with client.websocket_connect("/early") as socket:
        cookie = dict(socket.extra_headers or [])[b"set-cookie"].decode()
        with pytest.raises(WebSocketDisconnect):
            socket.receive()
    assert client.get("/").json() == {}
    client.cookies.clear()
    session = client.get("/", headers={"cookie": cookie.partition(";")[0]})
    assert session.json() == {"user_id": "Bob", "cart": 1}


def test_a_socket_ends_the_sessions_of_its_owner(client: TestClient[Litestar]) -> None:
    say(client, "/ending", None)
    assert TOLD == [(0, 1), {}]
    assert client.get("/").json() == {}
