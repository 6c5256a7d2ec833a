"""Everything that takes a Litestar session config takes ours, wherever sessions are used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Controller, Router, asgi, get, post
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import ImproperlyConfiguredException, NotAuthorizedException
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware
from litestar.security.session_auth import SessionAuth
from litestar.testing import AsyncTestClient, TestClient
from sqlalchemy import event

from litestar_sessions import (
    ConfigurationError,
    SessionPlugin,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    rotate_session_id,
    save_session,
)
from tests.support.apps import Visit, app_of, bare_app, clear
from tests.support.litestars import NamedDependency  # noqa: TC001 - Litestar reads it
from tests.support.models import OtherSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litestar.handlers import BaseRouteHandler
    from litestar.types import Receive, Scope, Send


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
    app = bare_app(plugins=[plugin], **layer(middleware))
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
    app = bare_app(
        [sign_in, me, clear],
        on_app_init=[auth.on_app_init],
        plugins=[SessionPlugin(config, middleware=False)],
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


def test_two_middlewares_of_one_config_load_a_session_once(
    config: SQLAlchemySessionConfig,
) -> None:
    async def find_user(session: dict[str, Any], _: ASGIConnection[Any, Any, Any, Any]) -> Any:
        return session.get("user")

    auth = SessionAuth[Any, Any](
        retrieve_user_handler=find_user, session_backend_config=config, exclude=["/set"]
    )
    with TestClient(app_of(config, on_app_init=[auth.on_app_init])) as client:
        client.post("/set", json={"user": "Ann"})
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        engine: Any = config.engine
        event.listen(getattr(engine, "sync_engine", engine), "before_cursor_execute", note)
        assert client.get("/").json() == {"user": "Ann"}
        assert len(statements) == 1
        client.post("/clear")
        assert client.get("/").status_code == 401
        assert "session" not in client.cookies


def test_litestars_test_client_sets_and_gets_the_session(config: SQLAlchemySessionConfig) -> None:
    with TestClient(app_of(config), session_config=config) as client:
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
    async with AsyncTestClient(app_of(config), session_config=config) as client:
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

    app = app_of(config, set_staff, rotate_staff, clear_staff)
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

    with TestClient(app_of(config, skipped, asset)) as client:
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

    with TestClient(app_of(config, admin)) as client:
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

    with TestClient(app_of(config, mounted)) as client:
        response = client.get("/mounted/page")
        assert response.headers["x-own"] == "1"
        assert client.get("/").json()["mounted"] == "/page/"


def test_compressed_responses_keep_their_headers(config: SQLAlchemySessionConfig) -> None:
    @get("/long")
    async def long(request: Visit) -> str:
        request.session["seen"] = True
        return "long " * 1_000

    app = app_of(config, long, compression_config=CompressionConfig(backend="gzip"))
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

    app = app_of(config, never, middleware=[broken])
    with TestClient(app, raise_server_exceptions=False) as client:
        client.post("/set", json={"user": "Ann"})
        assert client.get("/broken").status_code == 500
        assert client.get("/").json() == {}


def test_a_new_session_that_is_read_is_an_empty_dictionary(
    config: SQLAlchemySessionConfig,
) -> None:
    with TestClient(app_of(config)) as client:
        assert client.get("/").json() == {}
        assert not client.cookies
