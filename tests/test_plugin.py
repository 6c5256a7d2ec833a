"""The plugin: one line, from every kind of source, for the whole life of an application."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mypy.api
import pytest
import sqlalchemy
from litestar import Litestar, Request, get, post
from litestar.exceptions import ImproperlyConfiguredException
from litestar.plugins.flash import FlashConfig, FlashPlugin
from litestar.template import TemplateConfig
from litestar.testing import TestClient
from sqlalchemy import URL, create_engine, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    ConfigurationError,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
)
from litestar_sessions._requests.keywords import SessionKeywords
from tests.support.apps import app_with, bare_app, serve, set_keys, show
from tests.support.litestars import JinjaTemplateEngine
from tests.support.models import OtherSession, UserSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.databases import Database

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("driver", "backend"),
    [
        ("sqlite", SQLAlchemySyncSessionBackend),
        ("sqlite+aiosqlite", SQLAlchemyAsyncSessionBackend),
    ],
)
def test_a_url_is_a_complete_set_up(tmp_path: Path, driver: str, backend: type[Any]) -> None:
    url = f"{driver}:///{tmp_path}/sessions.db"
    for source in (url, URL.create(driver, database=f"{tmp_path}/other.db")):
        plugin = SessionPlugin(source)
        assert type(plugin.config.create_backend()) is backend
        serve(app_with(plugin))
        serve(app_with(plugin))  # in another event loop


def test_a_driver_that_is_both_is_used_async() -> None:
    plugin = SessionPlugin("postgresql+psycopg://ann@127.0.0.1/none")
    assert type(plugin.config.create_backend()) is SQLAlchemyAsyncSessionBackend


def test_a_database_in_memory_will_do() -> None:
    for url in ("sqlite://", "sqlite+aiosqlite://"):
        serve(app_with(SessionPlugin(url)))


def test_every_driver_serves_two_event_loops(any_database: tuple[bool, Database]) -> None:
    is_async, database = any_database
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    app = app_with(SessionPlugin(kind(database.url), create_table=True))
    serve(app)
    serve(app)


# An application of Litestar has one event emitter, and that has streams for one lifespan.
EMITTER = pytest.mark.filterwarnings("ignore:.*MemoryObject.*Stream")


@EMITTER
def test_two_browsers_are_two_test_clients_at_once(any_database: tuple[bool, Database]) -> None:
    is_async, database = any_database
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    see_two_browsers(app_with(SessionPlugin(kind(database.url), create_table=True)))


@EMITTER
def test_two_browsers_share_a_database_in_memory() -> None:
    for url in ("sqlite://", "sqlite+aiosqlite://"):
        see_two_browsers(app_with(SessionPlugin(url)))


@EMITTER
def test_two_browsers_share_an_engine_of_the_application(
    any_database: tuple[bool, Database],
) -> None:
    is_async, database = any_database
    engine: Any = (create_async_engine if is_async else create_engine)(database.url)
    see_two_browsers(app_with(SessionPlugin(engine, create_table=True)))


def see_two_browsers(app: Litestar) -> None:
    with TestClient(app) as ann:
        with TestClient(app) as bob:
            for number in range(20):
                for client, user in ((ann, "Ann"), (bob, "Bob")):
                    name = f"{user} {number}"
                    assert client.post("/set", json={"user": name}).status_code == 201
                    assert client.get("/").json() == {"user": name}
        assert ann.get("/").json() == {"user": name.replace("Bob", "Ann")}
    with TestClient(app, cookies=bob.cookies) as bob:
        assert bob.post("/set", json={"user": "Bob"}).status_code == 201


def test_browsers_come_and_go_while_others_stay(any_database: tuple[bool, Database]) -> None:
    is_async, database = any_database
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    plugin = SessionPlugin(kind(database.url), create_table=True)

    def browse(app: Litestar, user: str, visits: int) -> None:
        with TestClient(app) as client:
            for number in range(visits):
                body = {"user": user, "number": number}
                assert client.post("/set", json=body).status_code == 201
                assert client.get("/").json() == body

    # Litestar imports while it makes an application, which threads must not do at once.
    apps = [app_with(plugin) for _ in range(8)]
    with ThreadPoolExecutor(3) as executor:
        browsers = [executor.submit(browse, app_with(plugin), "Ann", 30)]
        browsers += [executor.submit(browse, app, f"visitor {app}", 3) for app in apps]
        for each in browsers:
            each.result()


def create(engine: Any, model: type[Any]) -> None:
    with engine.begin() as connection:
        model.__table__.create(connection, checkfirst=True)


def test_the_threads_of_the_sync_half_end_with_the_application(tmp_path: Path) -> None:
    def threads() -> list[threading.Thread]:
        return [t for t in threading.enumerate() if t.name.startswith("litestar-sessions")]

    before = threads()
    with TestClient(app_with(SessionPlugin(f"sqlite:///{tmp_path}/sessions.db"))) as client:
        client.post("/set", json={"user": "Ann"})
        started = [thread for thread in threads() if thread not in before]
        assert started
    for thread in started:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_whatever_has_an_engine_is_a_source(tmp_path: Path) -> None:
    class Provider:
        def __init__(self) -> None:
            self.engine = create_engine(f"sqlite:///{tmp_path}/app.db")

        def get_engine(self) -> Any:
            return self.engine

    provider = Provider()
    serve(app_with(SessionPlugin(provider, create_table=True)))
    provider.engine.dispose()


def test_a_whole_config_is_a_source(tmp_path: Path) -> None:
    config = SQLAlchemySessionConfig(
        alchemy_config=SQLAlchemySyncConfig(f"sqlite:///{tmp_path}/app.db"),
        model=UserSession,
        create_table=True,
    )
    assert SessionPlugin(config).config is config
    serve(app_with(SessionPlugin(config)))
    with pytest.raises(ConfigurationError, match="give it max_age where it is made"):
        SessionPlugin(config, max_age=60)


@pytest.mark.parametrize("source", [None, 5, object()])
def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(ConfigurationError, match="hand in a URL"):
        SessionPlugin(source)


def test_settings_go_to_the_config() -> None:
    plugin = SessionPlugin("sqlite://", max_age=60, key="visit", model=UserSession)
    assert (plugin.config.max_age, plugin.config.key) == (60, "visit")
    with pytest.raises(ConfigurationError, match="needs secure=True"):
        SessionPlugin("sqlite://", key="__Host-visit")


@pytest.mark.parametrize("create", [create_engine, create_async_engine])
def test_a_missing_table_stops_the_start_with_the_remedy(
    tmp_path: Path, create: Callable[..., Any]
) -> None:
    driver = "sqlite" if create is create_engine else "sqlite+aiosqlite"
    engine = create(f"{driver}:///{tmp_path}/app.db")
    app = app_with(SessionPlugin(engine, model=UserSession))
    # Litestar's event emitter wraps the error in a group.
    with pytest.raises(Exception) as raised, TestClient(app):  # noqa: PT011
        pass
    text = "".join(traceback.format_exception(raised.value))
    assert "ConfigurationError: The database has no table user_sessions" in text
    assert "create_table=True" in text


def test_a_table_that_is_there_is_enough(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/app.db")
    create(engine, UserSession)
    serve(app_with(SessionPlugin(engine, model=UserSession)))
    assert inspect(engine).get_table_names() == ["user_sessions"]
    engine.dispose()


def test_two_configs_serve_one_application(tmp_path: Path) -> None:
    public = SessionPlugin(f"sqlite:///{tmp_path}/public.db", model=UserSession)
    staff = SessionPlugin(
        f"sqlite+aiosqlite:///{tmp_path}/staff.db",
        model=OtherSession,
        key="staff",
        middleware=False,
    )

    @get("/staff", middleware=[staff.config.middleware])
    async def show_staff(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return dict(request.session)

    @post("/staff", middleware=[staff.config.middleware])
    async def set_staff(request: Request[Any, Any, Any]) -> None:
        request.session.update(await request.json())

    handlers = [show, set_keys, show_staff, set_staff]
    app = bare_app(handlers, plugins=[public, staff])
    with TestClient(app) as client:
        client.post("/set", json={"cart": 1})
        response = client.post("/staff", json={"user": "Ann"})
        assert response.headers.get_list("set-cookie") == [response.headers["set-cookie"]]
        assert "staff=" in response.headers["set-cookie"]
        assert client.get("/").json() == {"cart": 1}
        assert client.get("/staff").json() == {"user": "Ann"}
        client.post("/set", json={"cart": 2})
        assert client.get("/staff").json() == {"user": "Ann"}
        assert sorted(client.cookies) == ["session", "staff"]


def test_litestars_flash_messages_find_their_session(tmp_path: Path) -> None:
    templates = TemplateConfig(directory=tmp_path, engine=JinjaTemplateEngine)
    flash = FlashPlugin(FlashConfig(template_config=templates))
    serve(app_with(SessionPlugin("sqlite://"), flash, template_config=templates))


APPLICATION = """
from litestar import Litestar
from litestar_sessions import SessionPlugin

plugin = SessionPlugin({url!r}, hash_session_ids=False)
app = Litestar([], plugins=[plugin])
"""
# Before 2.0.46 SQLAlchemy does not know aiosqlite 0.22, whose connections keep a process alive.
ENDING = ["sqlite"]
if tuple(map(int, sqlalchemy.__version__.split(".")[:3])) >= (2, 0, 46):
    ENDING.append("sqlite+aiosqlite")


@pytest.mark.parametrize("driver", ENDING)
def test_litestars_command_line_deletes_sessions(tmp_path: Path, driver: str) -> None:
    url = f"{driver}:///{tmp_path}/sessions.db"
    (tmp_path / "application.py").write_text(APPLICATION.format(url=url))
    backend = SessionPlugin(url, hash_session_ids=False).config.create_backend()

    async def ids() -> list[str]:
        there = [name for name in ("first", "second") if await backend.get(name)]
        await backend.config.dispose()  # type: ignore[attr-defined]  # it is ours
        return there

    async def fill() -> None:
        for name in ("first", "second"):
            await backend.set(name, b"{}")
        await backend.config.dispose()  # type: ignore[attr-defined]  # it is ours

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "litestar", "--app", "application:app", "sessions"]
        subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            input="y\n",
            text=True,
            check=True,
            capture_output=True,
            timeout=120,
        )

    asyncio.run(fill())
    run("delete", "first")
    assert asyncio.run(ids()) == ["second"]
    run("clear")
    assert asyncio.run(ids()) == []


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"source": "sqlite://", "max_agee": 60}, "no setting max_agee: did you mean max_age?"),
        ({"source": "sqlite://", "colour": "red"}, "no setting colour: there are session_id_bytes"),
        ({"source": "postgres://host/db"}, "begin the URL with postgresql.asyncpg://"),
        ({"source": "postgres+psycopg2://host/db"}, "begin the URL with postgresql.psycopg2://"),
        ({"source": 5}, "int is no place for sessions"),
    ],
)
def test_what_cannot_work_is_refused_as_litestar_does(
    arguments: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ConfigurationError, match=remedy) as caught:
        SessionPlugin(**arguments)
    assert isinstance(caught.value, ImproperlyConfiguredException)


def test_the_plugin_types_every_setting_of_the_config() -> None:
    settings = {each.name for each in fields(SQLAlchemySessionConfig)} - {"alchemy_config"}
    assert set(SessionKeywords.__annotations__) == settings


def test_a_misspelt_setting_is_found_by_a_type_checker(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from litestar_sessions import SessionPlugin\n"
        "SessionPlugin('sqlite://', max_age=60)\n"
        "SessionPlugin('sqlite://', max_agee=60)\n"
        "SessionPlugin('sqlite://', max_age='60')\n",
    )
    # With what a check of the project has found out, mypy need not read SQLAlchemy and Litestar.
    project = [f"--config-file={ROOT / 'pyproject.toml'}", f"--cache-dir={ROOT / '.mypy_cache'}"]
    found, _, _ = mypy.api.run([*project, str(program)])
    lines = [line for line in found.splitlines() if "error:" in line]
    assert [line.split(":")[1] for line in lines] == ["3", "4"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite+aiosqlite://"])
def test_another_framework_than_asyncio_is_refused(url: str) -> None:
    plugin = SessionPlugin(url)
    refused = pytest.raises(Exception)  # noqa: PT011 - a group of exceptions, which 3.10 has not
    with refused as caught, TestClient(app_with(plugin), backend="trio"):
        pass
    assert "backend='asyncio'" in "".join(traceback.format_exception(caught.value))


def test_another_framework_than_asyncio_is_refused_without_the_plugin(tmp_path: Path) -> None:
    config = SessionPlugin(f"sqlite:///{tmp_path}/sessions.db").config
    app = bare_app([show], middleware=[config.middleware])
    with TestClient(app, backend="trio") as client:
        response = client.get("/", headers={"cookie": f"session={'0' * 64}"})
    assert response.status_code == 500
