"""A real server that ends while a visitor signs out."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import asyncio, sys, uvicorn
from litestar import Litestar, Request, post
from litestar_sessions import SessionPlugin

plugin = SessionPlugin(sys.argv[1])

@post("/set")
async def set_user(request: Request) -> None:
    request.session["user"] = "Ann"

@post("/clear")
async def clear(request: Request) -> None:
    request.clear_session()
    print("cleared", file=sys.stderr, flush=True)
    await asyncio.Event().wait()

wirings = {
    "plugin": {"plugins": [plugin]},
    "config": {
        "middleware": [plugin.config.middleware],
        "on_startup": [plugin.config.create_backend().prepare],
        "on_shutdown": [plugin.config.dispose],
    },
}
app = Litestar([set_user, clear], **wirings[sys.argv[2]])
uvicorn.run(app, port=0, timeout_graceful_shutdown=0)
"""


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
@pytest.mark.parametrize("wiring", ["plugin", "config"])
def test_a_sign_out_that_is_under_way_when_the_server_ends_is_carried_out(
    tmp_path: Path, driver: str, wiring: str
) -> None:
    path = tmp_path / "sessions.db"
    command = (sys.executable, "-c", PROGRAM, f"{driver}:///{path}", wiring)
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server,
        ThreadPoolExecutor() as executor,
    ):
        try:
            sign_out_while_it_ends(server, executor, path)
        finally:
            server.kill()
    assert rows(path) == 0


def sign_out_while_it_ends(
    server: subprocess.Popen[str], executor: ThreadPoolExecutor, path: Path
) -> None:
    assert server.stderr is not None
    places = (re.search(r"running on (http://\S+)", line) for line in server.stderr)
    with httpx.Client(base_url=next(filter(None, places))[1], verify=False) as client:
        client.post("/set")
        assert rows(path) == 1
        signing_out = executor.submit(client.post, "/clear")
        assert any("cleared" in line for line in server.stderr)
        server.send_signal(signal.SIGTERM)
        server.communicate()
        with suppress(httpx.HTTPError):  # the server may have hung up
            signing_out.result()


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM litestar_sessions").fetchone()[0])
