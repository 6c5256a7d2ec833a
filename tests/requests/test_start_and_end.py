"""The start of an application without its database, and the end of one whose database is silent."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Litestar, Request, get
from litestar.testing import TestClient

from litestar_sessions import SessionPlugin, SQLAlchemyAsyncConfig, SQLAlchemySyncConfig
from tests.support.apps import bare_app
from tests.support.faults import ON_A_WIRE, through_faults

if TYPE_CHECKING:
    from tests.support.databases import Database, Servers

ROOT = Path(__file__).parents[2]


@get("/")
async def show(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return dict(request.session)


@get("/visit")
async def visit(request: Request[Any, Any, Any]) -> int:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return int(request.session["visits"])


@get("/quiet")
async def be_quiet() -> str:
    return "no session needed"


def application(url: Any, **settings: Any) -> Litestar:
    plugin = SessionPlugin(url, **settings)
    return bare_app([show, visit, be_quiet], plugins=[plugin])


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [record for record in caplog.records if record.name == "litestar_sessions"]
    return [record.session_event for record in records]  # type: ignore[attr-defined]  # set by extra=


@pytest.mark.parametrize("driver", ON_A_WIRE)
def test_an_application_starts_while_its_database_is_down(
    driver: str, servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    half, _, name = driver.partition(" ")
    kind: Any = SQLAlchemyAsyncConfig if half == "async" else SQLAlchemySyncConfig
    with through_faults(servers.database(name, tmp_path)) as (proxy, url), ExitStack() as stack:
        with proxy.outage():
            app = application(kind(url), create_table=True)
            client = stack.enter_context(TestClient(app))
            assert events(caplog) == ["unavailable", "started_without"]
            assert client.get("/quiet").text == "no session needed"
            assert client.get("/visit").status_code == 503
        assert client.get("/visit").json() == 1
        assert client.get("/visit").json() == 2
    assert events(caplog)[-1] == "available"


@pytest.mark.parametrize("wrong", ["database", "password"])
def test_what_the_server_refuses_is_an_error_at_the_start(
    any_database: tuple[bool, Database], wrong: str
) -> None:
    _, database = any_database
    url = database.url.set(username="nobody_known", password="hush-hush")
    if database.server is None:
        url = database.url.set(database="/no/such/folder/sessions.db")
    elif wrong == "database":
        url = database.url.set(database="no_such_database")
    with pytest.raises(BaseException) as caught, TestClient(application(url)):  # noqa: PT011 - a group
        pass
    text = str(flat(caught.value))
    assert "does not let us in" in text
    assert "Check the user, the password and the name" in text
    assert "hush" not in text


def flat(error: BaseException) -> list[BaseException]:
    """Return what is in a group of errors."""
    inner = getattr(error, "exceptions", ())
    return [leaf for each in inner for leaf in flat(each)] if inner else [error]


SCRIPT = """
import asyncio, sys
from litestar_sessions import SQLAlchemyAsyncConfig, SQLAlchemySyncConfig, SQLAlchemySessionConfig

url, kind, how = sys.argv[1:]
engine = (SQLAlchemyAsyncConfig if kind == "async" else SQLAlchemySyncConfig)(url)
config = SQLAlchemySessionConfig(alchemy_config=engine, create_table=True, database_timeout=60)

async def main():
    storage = config.create_backend().storage
    await asyncio.gather(*(storage.load("none") for _ in range(3)))
    print("open", flush=True)
    sys.stdin.readline()
    waiting = asyncio.gather(*(storage.load("none") for _ in range(2)), return_exceptions=True)
    await asyncio.sleep(0.2)
    if how == "dispose":
        await config.dispose()
    waiting.cancel()

asyncio.run(main())
print("done", flush=True)
"""


@pytest.mark.parametrize("how", ["dispose", "leave"])
@pytest.mark.parametrize("driver", ON_A_WIRE)
def test_a_process_ends_though_its_database_is_silent(
    driver: str, how: str, servers: Servers, tmp_path: Path
) -> None:
    half, _, name = driver.partition(" ")
    with through_faults(servers.database(name, tmp_path)) as (proxy, url):
        place = url.render_as_string(hide_password=False)
        command = [sys.executable, "-c", SCRIPT, place, half, how]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "open\n"
                with proxy.silence():
                    output, _ = process.communicate("\n", timeout=30)
            finally:
                process.kill()
    assert output == "done\n"
    assert process.returncode == 0
