"""Other sessions in the cookie of the plugin are refused when an application starts."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest
from litestar import Litestar, Router, WebSocket, asgi, get, websocket
from litestar.middleware.session import SessionMiddleware
from litestar.middleware.session.base import BaseBackendConfig, BaseSessionBackend
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.security.session_auth import SessionAuth
from litestar.testing import TestClient

from litestar_sessions import SessionPlugin, SQLAlchemySessionConfig, SQLAlchemySyncConfig
from tests.support.apps import app_with, bare_app, serve
from tests.support.models import OtherSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp


class InCookies(BaseSessionBackend["InCookiesConfig"]):
    """Keeps a session on the client's side, as Litestar's own that needs another package does."""

    async def store_in_message(self, *_: Any) -> None: ...

    async def load_from_connection(self, _: Any) -> dict[str, Any]:
        return {}

    def get_session_id(self, _: Any) -> str | None:
        return None


@dataclass
class InCookiesConfig(BaseBackendConfig[InCookies]):
    _backend_class = InCookies
    key: str = "session"
    max_age: int = 60
    path: str = "/"
    domain: str | None = None
    scopes: Any = None
    secure: bool = False
    httponly: bool = True
    samesite: Literal["lax", "strict", "none"] = "lax"
    exclude: str | list[str] | None = None
    exclude_opt_key: str = "skip_session"


SERVER_SIDE = ServerSideSessionConfig()
IN_MEMORY = SQLAlchemySyncConfig("sqlite://")


def another(**settings: Any) -> SQLAlchemySessionConfig:
    source = SQLAlchemySyncConfig("sqlite://")
    return SQLAlchemySessionConfig(alchemy_config=source, create_table=True, **settings)


def handlers_with(middleware: Any) -> list[Any]:
    @get("/other", middleware=[middleware])
    async def other() -> None: ...

    return [other]


def must_refuse(app: Litestar) -> None:
    # Litestar's event emitter wraps the error in a group.
    with pytest.raises(Exception) as raised, TestClient(app):  # noqa: PT011
        pass
    text = "".join(traceback.format_exception(raised.value))
    assert "ConfigurationError: " in text
    assert "give it the plugin's config, or another key=" in text


async def find_user(_session: dict[str, Any], _: Any) -> Any:
    return "Ann"


def as_auth(config: Any) -> Any:
    return SessionAuth[Any, Any](
        retrieve_user_handler=find_user, session_backend_config=config
    ).middleware


def as_factory(config: Any) -> Any:
    backend = config._backend_class(config=config)

    def make(app: ASGIApp) -> ASGIApp:
        return SessionMiddleware(app, backend)

    return make


def as_partial(config: Any) -> Any:
    return partial(SessionMiddleware, backend=config._backend_class(config=config))


@pytest.mark.parametrize(
    "spelled", [lambda config: config.middleware, as_auth, as_factory, as_partial]
)
@pytest.mark.parametrize(
    "config", [SERVER_SIDE, InCookiesConfig(), another()], ids=["server", "client", "ours"]
)
def test_other_sessions_in_the_cookie_are_refused(
    config: Any, spelled: Callable[[Any], Any]
) -> None:
    must_refuse(app_with(SessionPlugin("sqlite://"), middleware=[spelled(config)]))
    must_refuse(app_with(SessionPlugin("sqlite://"), handlers=handlers_with(spelled(config))))


def test_two_plugins_in_one_cookie_are_refused() -> None:
    must_refuse(app_with(SessionPlugin("sqlite://"), SessionPlugin("sqlite://")))
    two = [SessionPlugin(IN_MEMORY, create_table=True) for _ in range(2)]
    must_refuse(app_with(*two))


def test_two_plugins_of_one_config_or_with_two_cookies_serve() -> None:
    config = another()
    serve(app_with(SessionPlugin(config), SessionPlugin(config)))
    serve(app_with(SessionPlugin(another(key="staff")), SessionPlugin("sqlite://")))


def test_other_sessions_on_other_routes_are_refused_as_browsers_send_one_cookie() -> None:
    plugin = SessionPlugin("sqlite://", middleware=False)
    handlers = [Router("/own", route_handlers=handlers_with(plugin.config.middleware))]
    handlers += handlers_with(SERVER_SIDE.middleware)
    must_refuse(app_with(plugin, handlers=handlers))


def test_other_sessions_of_a_websocket_are_refused() -> None:
    @websocket("/socket", middleware=[SERVER_SIDE.middleware])
    async def socket(socket: WebSocket[Any, Any, Any]) -> None: ...

    must_refuse(app_with(SessionPlugin("sqlite://"), handlers=[socket]))


@pytest.mark.parametrize(
    ("setting", "refused"),
    [
        ({"key": "other"}, False),
        ({"path": "/other"}, True),
        ({"domain": "example.com"}, True),
    ],
    ids=str,
)
def test_only_a_cookie_that_is_sent_with_the_plugins_is_refused(
    setting: dict[str, Any], refused: bool
) -> None:
    handlers = handlers_with(ServerSideSessionConfig(**setting).middleware)
    app = app_with(SessionPlugin("sqlite://"), handlers=handlers)
    (must_refuse if refused else serve)(app)


@pytest.mark.parametrize(
    ("own", "other", "refused"),
    [
        ({"path": "/app"}, {"path": "/apple"}, False),
        ({"path": "/app"}, {"path": "/app/admin"}, True),
        ({"domain": "a.example.com"}, {"domain": "b.example.com"}, False),
        ({"domain": ".Example.com"}, {"domain": "a.example.com"}, True),
    ],
    ids=str,
)
def test_paths_and_domains_part_cookies_of_one_name(
    own: dict[str, Any], other: dict[str, Any], refused: bool
) -> None:
    handlers = handlers_with(ServerSideSessionConfig(**other).middleware)
    app = app_with(SessionPlugin("sqlite://", **own), handlers=handlers)
    if refused:
        must_refuse(app)
    else:
        with TestClient(app) as client:
            assert client.get("/").status_code == 200


def test_a_plugin_that_only_points_the_way_lets_other_sessions_be() -> None:
    serve(
        app_with(SessionPlugin("sqlite://", middleware=False), middleware=[SERVER_SIDE.middleware])
    )


def test_session_auth_of_the_plugins_config_serves() -> None:
    for has_middleware in (True, False):
        config = another()
        plugin = SessionPlugin(config, middleware=has_middleware)
        with TestClient(app_with(plugin, middleware=[as_auth(config)])) as client:
            assert client.get("/").status_code == 401


def test_configs_for_the_same_rows_serve_routes_of_their_own() -> None:
    config, longer = (
        SQLAlchemySessionConfig(
            alchemy_config=IN_MEMORY,
            create_table=True,
            max_age=max_age,
            session_id_keys=["s" * 32],
        )
        for max_age in (60, 600)
    )
    plugin = SessionPlugin(config, middleware=False)
    handlers = [Router("/own", route_handlers=handlers_with(config.middleware))]
    for other, refused in ((longer, False), (another(model=OtherSession), True)):
        app = bare_app([*handlers, *handlers_with(other.middleware)], plugins=[plugin])
        if refused:
            must_refuse(app)
        else:
            with TestClient(app) as client:
                assert client.get("/other").status_code == 200


def test_a_mounted_application_may_have_the_same_config_or_another_cookie() -> None:
    config = another()
    for inner, refused in (
        (config.middleware, False),
        (another(key="inner").middleware, False),
        (another().middleware, True),
        (SERVER_SIDE.middleware, True),
    ):
        mounted = bare_app(handlers_with(inner))
        mount = asgi("/inner", is_mount=True, copy_scope=True)(mounted)
        app = app_with(SessionPlugin(config), handlers=[mount])
        (must_refuse if refused else serve)(app)
