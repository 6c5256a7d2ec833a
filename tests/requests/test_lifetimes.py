"""How long the browser and the table keep a session: for all of them, and for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from litestar import Litestar, WebSocket, websocket
from litestar.security.session_auth import SessionAuth
from litestar.testing import TestClient

from litestar_sessions import SessionPlugin, SQLAlchemySessionConfig
from tests.support.apps import app_with, bare_app, clear, set_keys, show
from tests.support.site import MAX_AGE, open_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.clock import Clock

HALVES = pytest.mark.parametrize("url", ["sqlite", "sqlite+aiosqlite"])

CHIPS: dict[str, Any] = {"partitioned": True, "secure": True, "samesite": "none"}
ATTRIBUTES = {"path=/", "httponly", "samesite=none", "secure", "partitioned"}


def attributes(cookie: str) -> set[str]:
    """Return what follows the value of a cookie."""
    return {part.strip().lower() for part in cookie.split(";")[1:]}


@websocket("/open")
async def open_socket(socket: WebSocket[Any, Any, Any]) -> None:
    """Begin a session, or end the one that is there, before the socket is accepted."""
    if socket.session:
        socket.clear_session()
    else:
        socket.session["user"] = "Ann"
    await socket.accept()
    await socket.close()


def plugin_of(config: SQLAlchemySessionConfig) -> Litestar:
    return app_with(SessionPlugin(config), handlers=[open_socket])


def auth_of(config: SQLAlchemySessionConfig) -> Litestar:
    async def find_user(session: dict[str, Any], _: Any) -> Any:
        return session or "nobody"

    auth = SessionAuth[Any, Any](
        retrieve_user_handler=find_user, session_backend_config=config, exclude=["/set"]
    )
    handlers = [show, set_keys, clear, open_socket]
    plugin = SessionPlugin(config, middleware=False)
    return bare_app(handlers, plugins=[plugin], on_app_init=[auth.on_app_init])


def overridden_of(config: SQLAlchemySessionConfig) -> Litestar:
    """Return an application whose sessions Litestar's own middleware calls for."""

    def store_in_message(backend: Any, *args: Any, **options: Any) -> Any:
        return super(own, backend).store_in_message(*args, **options)

    kind = config._backend_class
    own: Any = type("Own", (kind,), {"store_in_message": store_in_message})
    config.__class__ = type("Config", (type(config),), {"_backend_class": own})
    return plugin_of(config)


WIRINGS = pytest.mark.parametrize("app_of", [plugin_of, auth_of, overridden_of])


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite"])
def client(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    app_of: Callable[[SQLAlchemySessionConfig], Litestar],
    settings: dict[str, Any],
) -> Iterator[TestClient[Litestar]]:
    plugin = SessionPlugin(f"{request.param}:///{tmp_path}/s.db", **settings)
    with TestClient(app_of(plugin.config), base_url="https://testserver.local") as client:
        yield client


def handshake(client: TestClient[Litestar], session_id: str) -> tuple[str, set[str]]:
    """Return the value and the attributes of the cookie that a WebSocket is accepted with."""
    client.cookies.clear()
    headers = {"cookie": f"session={session_id}"} if session_id else {}
    with client.websocket_connect("/open", headers=headers) as socket:
        cookie = dict(socket.extra_headers or [])[b"set-cookie"].decode()
    return cookie.partition(";")[0].removeprefix("session="), attributes(cookie)


@WIRINGS
@pytest.mark.parametrize("settings", [{**CHIPS, "persistent": False}])
def test_a_cookie_that_is_partitioned_and_ends_with_the_browser_is_so_wherever_it_is_sent(
    client: TestClient[Litestar],
) -> None:
    response = client.post("/set", json={"user": "Ann"})
    assert attributes(response.headers["set-cookie"]) == ATTRIBUTES
    cookies = {"cookie": f"session={response.cookies['session']}"}
    client.cookies.clear()
    assert client.get("/", headers=cookies).json() == {"user": "Ann"}
    response = client.post("/clear", headers=cookies)
    assert attributes(response.headers["set-cookie"]) == {*ATTRIBUTES, "max-age=0"}


@pytest.mark.parametrize("app_of", [plugin_of])
@pytest.mark.parametrize("settings", [{**CHIPS, "persistent": False}])
def test_the_cookie_of_a_websocket_is_one_of_the_same_kind(client: TestClient[Litestar]) -> None:
    session_id, found = handshake(client, "")
    assert found == ATTRIBUTES
    assert handshake(client, session_id) == ("null", {*ATTRIBUTES, "max-age=0"})


@HALVES
async def test_the_row_of_a_cookie_that_ends_with_the_browser_expires_when_idle(
    tmp_path: Path, clock: Clock, url: str
) -> None:
    async with (
        open_site(
            f"{url}:///{tmp_path}/s.db",
            is_async=url != "sqlite",
            clock=clock,
            persistent=False,
        ) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        for _ in range(3):  # renewed
            clock.advance(seconds=MAX_AGE / 2)
            response = await client.get("/")
            assert response.json() == {"user": "Ann"}
            assert "max-age" not in response.headers["set-cookie"].lower()
            assert "expires" not in response.headers["set-cookie"].lower()
        await client.post("/rotate", json={"cart": 1})
        assert all(cookie.discard for cookie in client.cookies.jar)
        clock.advance(seconds=MAX_AGE)
        assert (await client.get("/")).json() == {}


@HALVES
async def test_a_sign_out_that_fails_clears_a_partitioned_cookie_too(
    tmp_path: Path, clock: Clock, url: str
) -> None:
    async with (
        open_site(
            f"{url}:///{tmp_path}/s.db", is_async=url != "sqlite", clock=clock, **CHIPS
        ) as site,
        site.visitor() as client,
    ):
        response = await client.post("/set", json={"user": "Ann"})
        assert attributes(response.headers["set-cookie"]) == {*ATTRIBUTES, f"max-age={MAX_AGE}"}
        cookies = {"cookie": f"session={response.headers['set-cookie'][8:72]}"}
        client.cookies.clear()
        await site.drop_table()
        response = await client.post("/clear", headers=cookies)
        assert response.status_code == 503
        assert attributes(response.headers["set-cookie"]) == {*ATTRIBUTES, "max-age=0"}


async def test_a_config_that_is_changed_later_sends_the_other_cookie_from_then_on(
    tmp_path: Path, clock: Clock
) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    async with open_site(url, is_async=False, clock=clock) as site, site.visitor() as client:
        cookie = (await client.post("/set", json={"user": "Ann"})).headers["set-cookie"]
        assert f"max-age={MAX_AGE}" in attributes(cookie)
        site.config.persistent = False
        clock.advance(seconds=MAX_AGE / 2)
        cookie = (await client.post("/set", json={"user": "Bob"})).headers["set-cookie"]
        assert attributes(cookie) == {"path=/", "httponly", "samesite=lax"}
