"""The demo in a process of its own, and its visitors."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import URL

from tests.support.programs import run_program

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGGED = " - litestar_sessions - "
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "examples.demo"]
USER_AGENTS = {
    "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Edge on Windows": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
    ),
    "Mobile Safari on iOS": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    "curl": "curl/8.5.0",
    "Unknown browser": "<script>",
}


# Who installs the demo has no Advanced Alchemy, which Litestar imports where it is: 0.3 seconds.
ABSENT = Path(__file__).parent / "absent"


def settings(url: URL | str | None, port: int | str = 0) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ABSENT), str(ROOT), os.environ.get("PYTHONPATH")]))
    variables = {**os.environ, "PYTHONPATH": path, "PORT": str(port), "DATABASE_URL": ""}
    if isinstance(url, URL):
        url = url.render_as_string(hide_password=False)
    return variables | ({"DATABASE_URL": url} if url else {})


@contextmanager
def demo(url: URL | str | None, folder: Path, port: int = 0) -> Iterator[str]:
    """Run the demo in a folder; lend its address; see that Ctrl-C ends it quietly.

    It may have told of an outage.
    """
    process = Popen(
        COMMAND, cwd=folder, env=settings(url, port), stdout=PIPE, stderr=PIPE, text=True
    )
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found, process.communicate()
            yield found[0]
            process.send_signal(SIGINT)
            output, log = process.communicate(timeout=20)
            assert output == ""
            strange = [line for line in log.splitlines() if LOGGED not in line]
            assert strange == [], strange
            assert process.returncode == 0
        finally:
            process.kill()


def failure(url: URL | str, folder: Path, port: int | str = 0) -> str:
    """Run a demo that cannot start; return its one line."""
    ended = run_program("-m", "examples.demo", folder=folder, env=settings(url, port))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.endswith("\n")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


class Visitor(httpx.Client):
    """A browser's manners: cookies, redirects, and the hidden field of the form at hand."""

    def __init__(self, **options: Any) -> None:
        super().__init__(verify=False, **options)  # on loopback, without TLS

    def send_form(self, path: str, **fields: str) -> httpx.Response:
        token = re.search(r'name="_csrf_token" value="(\w+)"', self.get("/").text)
        assert token
        return self.post(path, data={"_csrf_token": token[1], **fields}, follow_redirects=True)

    def devices(self) -> dict[str, str]:
        """Return what the page of devices lists: which is this one, and the IDs of the others."""
        found: dict[str, str] = {}
        for part in self.get("/devices").text.split("<li>")[1:]:
            name, badge = re.search(r"<h2>([^<]*?) ?(<span|</h2>)", part).groups()  # type: ignore[union-attr]
            known = re.search(r'name="id" value="([^"]+)"', part)
            found[name + ", this device" * (badge == "<span")] = known[1] if known else ""
        return found


def shown(fact: str, page: str) -> str:
    found = re.search(rf'id="{fact}"[^>]*>([^<]*)<', page)
    assert found, page
    return found[1]
