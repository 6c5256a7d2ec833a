"""``litestar sessions ...``: what the plugin adds, for people and for machines."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from litestar.cli._utils import LitestarEnv
from litestar.cli.main import litestar_group

from litestar_sessions import (
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
)
from litestar_sessions._sql.types import utc_now
from tests.support.apps import app_with
from tests.support.models import FullSession, OtherSession, UserSession

if TYPE_CHECKING:
    from click.testing import Result
    from litestar import Litestar

    from tests.support.databases import Database

SECRET = "hush-hush"


def plugin_on(url: Any, *, is_async: bool, **settings: Any) -> SessionPlugin:
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    settings = {"create_table": True, "model": UserSession, **settings}
    return SessionPlugin(kind(url), **settings)


async def _fill(plugin: SessionPlugin, live: int, expired: int) -> None:
    backend: Any = plugin.config.create_backend()
    await backend.delete_all()
    now = utc_now()
    for number in range(live):
        await backend.storage.save(f"live-{number}", b"1234", now + timedelta(days=1))
    for number in range(expired):
        await backend.storage.save(f"old-{number}", b"12", now - timedelta(seconds=number))
    await plugin.config.dispose()


def fill(plugin: SessionPlugin, *, live: int = 0, expired: int = 0) -> None:
    """Have so many sessions, and no others."""
    asyncio.run(_fill(plugin, live, expired))


def invoke(app: Litestar, *arguments: str, given: str | None = None) -> Result:
    env = LitestarEnv(app_path="", app=app, cwd=Path())
    for plugin in app.plugins.cli:
        plugin.on_cli_init(litestar_group)
    return CliRunner().invoke(litestar_group, ["sessions", *arguments], obj=env, input=given)


def answer_of(app: Litestar, *arguments: str, code: int = 0) -> Any:
    """Return the JSON object that is all of the standard output."""
    result = invoke(app, *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def plugin(any_database: tuple[bool, Database]) -> SessionPlugin:
    """A plugin on every database, of either half."""
    is_async, database = any_database
    return plugin_on(database.url, is_async=is_async)


@pytest.fixture
def lone(tmp_path: Path) -> SessionPlugin:
    """A plugin where the database does not matter."""
    return plugin_on(f"sqlite:///{tmp_path}/sessions.db", is_async=False)


def test_purge_deletes_the_expired_alone_and_counts_them(plugin: SessionPlugin) -> None:
    fill(plugin, live=2, expired=5)
    app = app_with(plugin)
    assert answer_of(app, "purge", "--batch-size", "2") == {"deleted": 5}
    assert answer_of(app, "purge") == {"deleted": 0}
    assert answer_of(app, "end", "--all", "--yes") == {"ended": 2}


def test_people_read_sentences(lone: SessionPlugin) -> None:
    fill(lone, expired=3)
    result = invoke(app_with(lone), "purge")
    assert result.stdout == "3 expired sessions were deleted.\n"


def test_stats_count_and_measure(plugin: SessionPlugin) -> None:
    fill(plugin, live=3, expired=1)
    app = app_with(plugin)
    answer = answer_of(app, "stats")
    assert (answer["live"], answer["expired"]) == (3, 1)
    assert answer["made"] == {"hour": 4, "day": 4, "week": 4}
    assert answer["data_bytes"] == {"median": 4, "p95": 4, "largest": 4}
    assert set(answer["table_bytes"]) == {"table", "indexes"}
    shown = invoke(app, "stats").stdout
    assert "made hour" in shown
    assert "live-0" not in shown


def test_one_session_is_ended_by_its_id(plugin: SessionPlugin) -> None:
    fill(plugin, live=2)
    app = app_with(plugin)
    assert answer_of(app, "end", "--id", "live-0") == {"ended": 1}
    assert answer_of(app, "end", "--id", "live-0", code=1) == {"ended": 0}
    assert answer_of(app, "end", "--all", "--yes") == {"ended": 1}


def test_an_id_on_standard_input_is_in_no_list_of_processes(lone: SessionPlugin) -> None:
    fill(lone, live=1)
    result = invoke(app_with(lone), "end", "--id", "-", "--json", given="live-0\n")
    assert json.loads(result.stdout) == {"ended": 1}


def test_ending_all_asks_first(lone: SessionPlugin) -> None:
    fill(lone, live=2)
    app = app_with(lone)
    assert invoke(app, "end", "--all", given="n\n").exit_code == 1
    assert invoke(app, "end", "--all").exit_code == 1
    assert invoke(app, "end", "--all", "--json").exit_code == 2
    result = invoke(app, "end", "--all", given="y\n")
    assert "2 sessions were ended." in result.stdout


@pytest.mark.parametrize("options", [[], ["--all", "--id", "x"], ["--owner", "a", "--id", "x"]])
def test_end_has_to_be_told_what(lone: SessionPlugin, options: list[str]) -> None:
    result = invoke(app_with(lone), "end", *options)
    assert result.exit_code == 2
    assert "either --id, --owner or --all" in result.output


def test_the_sessions_of_an_owner_are_shown_and_ended(
    any_database: tuple[bool, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_async, database = any_database
    plugin = plugin_on(database.url, is_async=is_async, model=FullSession, owner="user_id")
    fill(plugin)

    async def sign_in() -> None:
        backend = plugin.config.create_backend()
        for number, name in enumerate(["ann", "ann", "[b]bob"]):
            await backend.set(f"secret-{number}", b'{"user_id": "%b"}' % name.encode())
        await plugin.config.dispose()

    asyncio.run(sign_in())
    app = app_with(plugin)
    found = answer_of(app, "list", "--owner", "ann")["sessions"]
    assert len(found) == 2
    assert set(found[0]) == {
        *("id", "signed_in_at", "last_seen_at", "expires_at", "user_agent", "ip_address")
    }
    assert answer_of(app, "stats")["owners_with_most"] == {"ann": 2, "[b]bob": 1}
    assert "owners with most [b]bob" in invoke(app, "stats").stdout
    assert len(answer_of(app, "list", "--owner", "ann", "--limit", "1")["sessions"]) == 1
    monkeypatch.setenv("COLUMNS", "200")
    shown = invoke(app, "list", "--owner", "ann").stdout
    assert found[0]["id"] in shown
    assert "secret-" not in shown
    assert answer_of(app, "end", "--owner", "ann") == {"ended": 2}
    assert invoke(app, "list", "--owner", "ann").stdout == "None.\n"
    assert answer_of(app, "end", "--owner", "[b]bob") == {"ended": 1}


def test_listeners_hear_what_commands_end(tmp_path: Path) -> None:
    heard: list[Any] = []
    url = f"sqlite:///{tmp_path}/heard.db"
    plugin = plugin_on(url, is_async=False, listeners=[heard.append])
    fill(plugin, live=2, expired=3)
    heard.clear()
    for command in (("purge",), ("end", "--id", "live-0"), ("end", "--all", "--yes")):
        answer_of(app_with(plugin), *command)
    assert [(event.reason, event.count) for event in heard] == [
        ("expired", 3),
        ("administrator", 1),
        ("administrator", 1),
    ]


@pytest.mark.parametrize("command", ["list", "end"])
def test_where_nobody_owns_sessions_that_is_said(lone: SessionPlugin, command: str) -> None:
    error = answer_of(app_with(lone), command, "--owner", "ann", code=1)["error"]
    assert "set owner='user_id'" in error


def test_a_missing_table_is_named_with_its_remedy(lone: SessionPlugin) -> None:
    app = app_with(SessionPlugin(lone.config.alchemy_config, model=UserSession))
    answer = answer_of(app, "purge", code=1)
    assert "no table user_sessions" in answer["error"]
    assert "create_table=True" in answer["error"]


def test_a_database_that_is_down_is_an_error_without_secrets() -> None:
    url = f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/none"
    for is_async in (True, False):
        app = app_with(plugin_on(url, is_async=is_async))
        for arguments in (["purge"], ["purge", "--json"]):
            result = invoke(app, *arguments)
            assert result.exit_code == 1
            assert "does not answer" in result.output
            assert SECRET not in result.output
            assert "Traceback" not in result.output


def test_of_several_plugins_one_is_named_by_its_cookie(lone: SessionPlugin, tmp_path: Path) -> None:
    staff = plugin_on(
        f"sqlite:///{tmp_path}/staff.db", is_async=False, key="staff", model=OtherSession
    )
    fill(lone, expired=1)
    fill(staff, expired=2)
    app = app_with(lone, staff)
    assert "--cookie session or staff" in answer_of(app, "purge", code=1)["error"]
    assert answer_of(app, "purge", "--cookie", "staff") == {"deleted": 2}
    assert answer_of(app, "purge", "--cookie", "session") == {"deleted": 1}


def test_litestars_own_commands_are_still_there(lone: SessionPlugin) -> None:
    fill(lone, live=2)
    app = app_with(lone)
    assert "Deleted session 'live-0'" in invoke(app, "delete", "live-0", given="y\n").output
    assert "All active sessions deleted" in invoke(app, "clear", given="y\n").output
    assert answer_of(app, "end", "--all", "--yes") == {"ended": 0}


APPLICATION = """
from litestar import Litestar
from litestar_sessions import SessionPlugin

app = Litestar([], plugins=[SessionPlugin({url!r})])
"""


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_a_job_runs_it_as_a_process(tmp_path: Path, driver: str) -> None:
    url = f"{driver}:///{tmp_path}/sessions.db"
    (tmp_path / "application.py").write_text(APPLICATION.format(url=url))
    fill(SessionPlugin(url), expired=3, live=1)
    command = [sys.executable, "-m", "litestar", "--app", "application:app", "sessions"]
    done = subprocess.run(
        [*command, "purge", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout) == {"deleted": 3}


def test_the_plugin_needs_neither_click_nor_rich(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['click'] = sys.modules['rich'] = None\n"
        "from litestar import Litestar\n"
        "from litestar_sessions import SessionPlugin\n"
        f"Litestar(plugins=[SessionPlugin('sqlite:///{tmp_path}/s.db')])\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
