"""Everything that takes a Litestar session config takes ours, wherever sessions are used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Controller, Litestar, Request, Response, Router, asgi, get, post
from litestar.background_tasks import BackgroundTask
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ImproperlyConfiguredException, NotAuthorizedException
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware
from litestar.response import Stream
from litestar.security.session_auth import SessionAuth
from litestar.testing import AsyncTestClient, TestClient

from litestar_sessions import (
    ConfigurationError,
    ResponseStartedError,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    rotate_session_id,
    save_session,
)
from tests.support.models import OtherSession, UserSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from litestar.handlers import BaseRouteHandler
    from litestar.types import Receive, Scope, Send

Visit = Request[Any, Any, Any]


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> SQLAlchemySessionConfig:
    """A config of each half; a client that is entered opens and closes the connections."""
    kind = SQLAlchemySyncConfig if request.param == "sqlite" else SQLAlchemyAsyncConfig
    return SQLAlchemySessionConfig(
        alchemy_config=kind(f"{request.param}:///{tmp_path}/sessions.db"),
        model=UserSession,
        create_table=True,
    )


@get("/")
async def show(request: Visit) -> dict[str, Any]:
    return dict(request.session)


@post("/set")
async def set_keys(request: Visit) -> None:
    request.session.update(await request.json())


@post("/clear")
async def clear(request: Visit) -> None:
    request.clear_session()


def app_with(config: SQLAlchemySessionConfig, *handlers: Any, **options: Any) -> Litestar:
    plugin = SessionPlugin(config, middleware=options.pop("everywhere", True))
    return Litestar(
        [show, set_keys, clear, *handlers], plugins=[plugin], logging_config=None, **options
    )


class Pages(Controller):
    path = "/"

    @get("/")
    async def show(self, request: Visit) -> dict[str, Any]:
        return dict(request.session)

    @post("/set")
    async def set_keys(self, request: Visit) -> None:
        request.session.update(await request.json())


def on_app(middleware: Any) -> dict[str, Any]:
    return {"route_handlers": [Pages], "middleware": [middleware]}


def on_router(middleware: Any) -> dict[str, Any]:
    return {"route_handlers": [Router("/", route_handlers=[Pages], middleware=[middleware])]}


def on_controller(middleware: Any) -> dict[str, Any]:
    return {"route_handlers": [type("Pages", (Pages,), {"middleware": [middleware]})]}


@pytest.mark.parametrize("layer", [on_app, on_router, on_controller])
@pytest.mark.parametrize("way", ["config.middleware", "DefineMiddleware", "partial"])
def test_the_middleware_goes_on_every_layer(
    config: SQLAlchemySessionConfig, layer: Callable[[Any], dict[str, Any]], way: str
) -> None:
    middleware: Any = config.middleware
    if way != "config.middleware":
        define: Any = DefineMiddleware if way == "DefineMiddleware" else partial
        middleware = define(SessionMiddleware, backend=config.create_backend())
    plugin = SessionPlugin(config, middleware=False)
    app = Litestar(plugins=[plugin], logging_config=None, **layer(middleware))
    with TestClient(app) as client:
        assert client.get("/").json() == {}
        client.post("/set", json={"user": "Ann"})
        assert client.get("/").json() == {"user": "Ann"}


def test_session_auth_from_sign_in_to_sign_out(config: SQLAlchemySessionConfig) -> None:
    async def find_user(session: dict[str, Any], _: ASGIConnection[Any, Any, Any, Any]) -> Any:
        return session.get("user")

    @post("/sign-in")
    async def sign_in(request: Visit) -> None:
        rotate_session_id(request)
        request.set_session(await request.json())

    @get("/me")
    async def me(request: Visit) -> str:
        return str(request.user)

    auth = SessionAuth[Any, Any](
        retrieve_user_handler=find_user, session_backend_config=config, exclude=["/sign-in"]
    )
    app = Litestar(
        [sign_in, me, clear],
        on_app_init=[auth.on_app_init],
        plugins=[SessionPlugin(config, middleware=False)],
        logging_config=None,
    )
    with TestClient(app) as client:
        assert client.get("/me").status_code == 401
        assert "set-cookie" not in client.get("/me").headers
        client.post("/sign-in", json={"user": "Ann"})
        assert client.get("/me").text == "Ann"
        client.post("/clear")
        assert client.get("/me").status_code == 401
        client.post("/sign-in", json={"nobody": True})
        response = client.get("/me")  # which clears what has no user
        assert response.status_code == 401
        assert "Max-Age=0;" in response.headers["set-cookie"]
        assert "session" not in client.cookies


def test_litestars_test_client_sets_and_gets_the_session(config: SQLAlchemySessionConfig) -> None:
    with TestClient(app_with(config), session_config=config) as client:
        assert client.get_session_data() == {}
        client.set_session_data({"user": "Ann"})
        assert client.get("/").json() == {"user": "Ann"}
        client.post("/set", json={"seen": 1})
        assert client.get_session_data() == {"user": "Ann", "seen": 1}
        client.set_session_data({"user": "Bob"})
        assert client.get("/").json() == {"user": "Bob"}
        client.cookies.clear()
        client.cookies.set("session", "0" * 64, domain="testserver.local")
        client.set_session_data({"user": "Eve"})
        assert client.cookies["session"] != "0" * 64
        assert client.get_session_data() == {"user": "Eve"}


async def test_litestars_async_test_client_does_too(config: SQLAlchemySessionConfig) -> None:
    async with AsyncTestClient(app_with(config), session_config=config) as client:
        await client.set_session_data({"user": "Ann"})
        assert (await client.get("/")).json() == {"user": "Ann"}
        assert await client.get_session_data() == {"user": "Ann"}


def test_a_session_inside_another_leaves_it_alone(
    config: SQLAlchemySessionConfig, tmp_path: Path
) -> None:
    staff = SQLAlchemySessionConfig(
        alchemy_config=SQLAlchemySyncConfig(f"sqlite:///{tmp_path}/staff.db"),
        model=OtherSession,
        create_table=True,
        key="staff",
    )

    @post("/staff", middleware=[staff.middleware])
    async def set_staff(request: Visit) -> dict[str, Any]:
        request.session.update(await request.json())
        return dict(request.session)

    @post("/staff/rotate", middleware=[staff.middleware])
    async def rotate_staff(request: Visit) -> str | None:
        rotate_session_id(request)
        return request.get_session_id()

    @post("/staff/clear", middleware=[staff.middleware])
    async def clear_staff(request: Visit) -> None:
        request.clear_session()

    app = app_with(config, set_staff, rotate_staff, clear_staff)
    with TestClient(app) as client:
        client.post("/set", json={"cart": 1})
        public = client.cookies["session"]
        assert client.post("/staff", json={"user": "Ann"}).json() == {"user": "Ann"}
        before = client.cookies["staff"]
        assert client.get("/").json() == {"cart": 1}
        assert client.post("/staff/rotate").text == client.cookies["staff"] != before
        assert client.cookies["session"] == public
        assert client.post("/staff", json={"seen": 1}).json() == {"user": "Ann", "seen": 1}
        client.post("/staff/clear")
        assert client.get("/").json() == {"cart": 1}
        assert "staff" not in client.cookies
        client.portal()
        client.blocking_portal.call(staff.dispose)


def test_a_route_can_be_left_out(config: SQLAlchemySessionConfig) -> None:
    @get("/skipped", skip_session=True)
    async def skipped(request: Visit) -> str:
        with pytest.raises(ImproperlyConfiguredException):
            _ = request.session
        with pytest.raises(ConfigurationError, match="do not exclude the route"):
            rotate_session_id(request)
        with pytest.raises(ConfigurationError, match="do not exclude the route"):
            await save_session(request)
        return "no session"

    config.exclude = ["^/assets"]

    @get("/assets/logo")
    async def asset(request: Visit) -> bool:
        return "session" in request.scope

    with TestClient(app_with(config, skipped, asset)) as client:
        client.post("/set", json={"user": "Ann"})
        assert client.get("/skipped").text == "no session"
        response = client.get("/assets/logo")
        assert (response.json(), "vary" in response.headers) == (False, False)


def test_guards_and_dependencies_have_the_session(config: SQLAlchemySessionConfig) -> None:
    def must_be_admin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if not connection.session.get("admin"):
            raise NotAuthorizedException

    async def provide_user(request: Visit) -> str:
        request.session["provided"] = True
        return str(request.session["user"])

    @get("/admin", guards=[must_be_admin], dependencies={"user": Provide(provide_user)})
    async def admin(user: NamedDependency[str]) -> str:
        return user

    with TestClient(app_with(config, admin)) as client:
        assert client.get("/admin").status_code == 401
        client.post("/set", json={"user": "Ann", "admin": True})
        assert client.get("/admin").text == "Ann"
        assert client.get("/").json()["provided"] is True


def test_a_mounted_application_shares_the_session(config: SQLAlchemySessionConfig) -> None:
    @asgi("/mounted", is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
        scope["session"]["mounted"] = scope["path"]  # type: ignore[index]  # Litestar's type has all it may be
        headers = ((b"X-Own", b"1"),)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    with TestClient(app_with(config, mounted)) as client:
        response = client.get("/mounted/page")
        assert response.headers["x-own"] == "1"
        assert client.get("/").json()["mounted"] == "/page/"


def test_what_follows_the_start_of_a_response_is_saved_on_demand(
    config: SQLAlchemySessionConfig,
) -> None:
    errors: list[type[Exception]] = []

    async def later(request: Visit, *, save: bool) -> None:
        request.session["later"] = save
        try:
            rotate_session_id(request)
        except ResponseStartedError as error:
            errors.append(type(error))
        if save:
            await save_session(request)

    @get("/stream")
    async def stream(request: Visit) -> Stream:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"first"
            await later(request, save="save" in request.query_params)
            yield b"second"

        request.session["streamed"] = True
        return Stream(chunks())

    @get("/background")
    async def background(request: Visit) -> Response[str]:
        request.session["background"] = True
        task = BackgroundTask(later, request, save="save" in request.query_params)
        return Response("done", background=task)

    with TestClient(app_with(config, stream, background)) as client:
        for path in ("/stream", "/background"):
            key = {"/stream": "streamed", "/background": "background"}[path]
            client.get(path)
            assert client.get("/").json() == {key: True}
            client.get(path, params={"save": "yes"})
            assert client.get("/").json() == {key: True, "later": True}
            client.post("/clear")
    assert errors == [ResponseStartedError] * 4


def test_saving_early_keeps_what_an_error_follows(config: SQLAlchemySessionConfig) -> None:
    @post("/early")
    async def early(request: Visit) -> None:
        request.session["early"] = True
        stored = await save_session(request)
        assert stored is not None
        assert stored.expires_at > config.clock()
        request.session["late"] = True
        raise RuntimeError

    with TestClient(app_with(config, early), raise_server_exceptions=False) as client:
        response = client.post("/early")
        assert response.status_code == 500
        assert "session" in response.cookies
        assert client.get("/").json() == {"early": True}


def test_compressed_responses_keep_their_headers(config: SQLAlchemySessionConfig) -> None:
    @get("/long")
    async def long(request: Visit) -> str:
        request.session["seen"] = True
        return "long " * 1_000

    app = app_with(config, long, compression_config=CompressionConfig(backend="gzip"))
    with TestClient(app) as client:
        response = client.get("/long")
        assert response.headers["content-encoding"] == "gzip"
        assert {name.strip() for name in response.headers["vary"].split(",")} == {
            *("Accept-Encoding", "Cookie"),
        }
        assert client.get("/").json() == {"seen": True}


def test_an_error_beyond_the_middleware_still_ends_a_cleared_session(
    config: SQLAlchemySessionConfig,
) -> None:
    def broken(app: Any) -> Any:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == "/broken":
                ASGIConnection[Any, Any, Any, Any](scope).clear_session()
                raise RuntimeError("an error of a middleware")
            await app(scope, receive, send)

        return middleware

    @get("/broken")
    async def never() -> None:
        pass

    app = app_with(config, never, middleware=[broken])
    with TestClient(app, raise_server_exceptions=False) as client:
        client.post("/set", json={"user": "Ann"})
        assert client.get("/broken").status_code == 500
        assert client.get("/").json() == {}


def test_a_new_session_that_is_read_is_an_empty_dictionary(
    config: SQLAlchemySessionConfig,
) -> None:
    with TestClient(app_with(config)) as client:
        assert client.get("/").json() == {}
        assert not client.cookies
