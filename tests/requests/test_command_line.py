"""Litestar's command line: it finds the sessions of an application wherever their middleware is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from litestar import Litestar, Router
from litestar.cli._utils import LitestarEnv
from litestar.cli.commands.sessions import sessions_group
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware
from litestar.security.session_auth import SessionAuth
from litestar.testing import TestClient

from litestar_sessions import SessionPlugin
from tests.support.apps import app_with, show
from tests.support.backends import dispose, make_backend
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.backends import Backend


async def find_user(session: dict[str, Any], _: object) -> Any:
    return session.get("user")


def plugin_for(backend: Backend, **options: Any) -> SessionPlugin:
    """Return a plugin on the table of a backend."""
    return SessionPlugin(
        backend.alchemy, model=UserSession, hash_session_ids=False, create_table=True, **options
    )


def below_litestars_middleware(backend: Backend) -> Litestar:
    return app_with(middleware=[DefineMiddleware(SessionMiddleware, backend=backend)])


def with_the_plugin(backend: Backend) -> Litestar:
    return app_with(plugin_for(backend))


def with_session_auth(backend: Backend) -> Litestar:
    plugin = plugin_for(backend, middleware=False)
    auth = SessionAuth[Any, Any](
        retrieve_user_handler=find_user, session_backend_config=plugin.config
    )
    return app_with(plugin, on_app_init=[auth.on_app_init])


def on_a_router(backend: Backend) -> Litestar:
    plugin = plugin_for(backend, middleware=False)
    router = Router("/staff", route_handlers=[show], middleware=[plugin.config.middleware])
    return app_with(plugin, handlers=[router])


WIRINGS = (below_litestars_middleware, with_the_plugin, with_session_auth, on_a_router)


def run(app: Litestar, *arguments: str) -> str:
    """Return what a command of ``litestar sessions`` says."""
    env = LitestarEnv(app_path="", app=app, cwd=Path())
    result = CliRunner().invoke(sessions_group, arguments, obj=env, input="y\n")
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_sessions_are_deleted_wherever_their_middleware_is(
    tmp_path: Path, wiring: Callable[[Backend], Litestar], *, is_async: bool
) -> None:
    driver = "sqlite+aiosqlite" if is_async else "sqlite"
    backend = make_backend(f"{driver}:///{tmp_path}/s.db", is_async=is_async)
    app = wiring(backend)

    async def fill() -> None:
        for name in ("first", "second", "third"):
            await backend.set(name, b"{}")

    async def left() -> list[str]:
        return [name for name in ("first", "second", "third") if await backend.get(name)]

    asyncio.run(fill())
    assert "Deleted session 'first'" in run(app, "delete", "first")
    assert asyncio.run(left()) == ["second", "third"]
    assert "All active sessions deleted" in run(app, "clear")
    assert asyncio.run(left()) == []
    asyncio.run(dispose(backend))


@pytest.mark.parametrize("wiring", WIRINGS)
def test_the_application_serves_as_before(
    tmp_path: Path, wiring: Callable[[Backend], Litestar]
) -> None:
    backend = make_backend(f"sqlite:///{tmp_path}/s.db", is_async=False)
    with TestClient(wiring(backend)) as client:
        path = "/staff" if wiring is on_a_router else "/"
        expected = 401 if wiring is with_session_auth else 200
        assert client.get(path).status_code == expected
