"""Whole servers: uvicorn with uvloop in processes of their own, asked by wrk."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.apps import OURS, PLAIN, REDIS, THEIRS
from benchmarks.contenders import fill_tables
from benchmarks.handlers import ANONYMOUS, PLACES, READ, SIGN_IN
from benchmarks.loop import run
from benchmarks.measuring import Timing, take_turns
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.requests import COLUMNS, add_requests
from benchmarks.settings import ROOT, Settings
from tests.support.servers import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("CONTENDERS", "DEFAULTS", "KINDS", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg",), concurrency=(32,), rows=(256,), rounds=3, seconds=2
)
CONTENDERS = (PLAIN, OURS, THEIRS, REDIS)
KINDS = (ANONYMOUS, READ)
_SCRIPT = """
local headers, number = {%s}, 0
request = function()
  number = number %% #headers + 1
  return wrk.format("%s", "%s", headers[number])
end
done = function(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format("{\\"count\\": %%d, \\"wall\\": %%f, \\"failed\\": %%d}\\n",
    summary.requests, summary.duration / 1e6, failed))
end
"""
"""What wrk runs: each request has the headers of the next visitor."""


def main(settings: Settings, servers: Servers) -> Results:
    """Measure pages that have nothing to do with the session, and pages that read it."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Missing("wrk is missing: apt-get install wrk")
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        fill_tables(place, load, rows=0)  # visitors sign in themselves
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            apps = {
                name: stack.enter_context(_served(name, place, load, servers.redis().port))
                for name in CONTENDERS
            }
            wrks = {
                name: _Wrk([wrk, f"-c{load.concurrency}", "-t1"], app, folder / name)
                for name, app in apps.items()
            }
            for kind, timings in _measure(wrks, load, settings).items():
                add_requests(report, place, load, kind, timings)
    return report.results


def _measure(
    wrks: dict[str, _Wrk], load: Load, settings: Settings
) -> dict[str, dict[str, list[Timing]]]:
    for name, wrk in wrks.items():
        wrk.prepare(load.rows if name != PLAIN else 0)
    return {
        kind: run(
            take_turns(
                {name: partial(wrk.take, kind, settings.seconds) for name, wrk in wrks.items()},
                settings.rounds,
                warms_up=False,  # a turn is long
            )
        )
        for kind in KINDS
    }


class _App:
    """A server that runs, or is about to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @cached_property
    def port(self) -> int:
        """Where it listens, as soon as it does."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has taken."""
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        )
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Wrk:
    """A client for a server."""

    command: list[str]
    app: _App
    script: Path

    def prepare(self, visitors: int) -> None:
        """Write what is asked, once for visitors who are signed in, and once for others."""
        cookies = _sign_in(self.app.port, visitors) or ["session=none"]
        headers = {ANONYMOUS: "{}", READ: ", ".join(f'{{Cookie="{it}"}}' for it in cookies)}
        for kind in KINDS:
            text = _SCRIPT % (headers[kind], *PLACES[kind])
            self._script_for(kind).write_text(text, encoding="ascii")

    async def take(self, kind: str, seconds: float) -> Timing:
        """Take a turn, of a second or more."""
        duration = ("-d", str(max(1, round(seconds))), "-s", str(self._script_for(kind)))
        url = f"http://127.0.0.1:{self.app.port}"
        before = self.app.cpu
        done = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop
            [*self.command, *duration, url], capture_output=True, text=True, check=True
        )
        figures = json.loads(done.stdout.splitlines()[-1])
        assert figures["failed"] == 0, done.stdout
        return Timing(figures["count"], figures["wall"], self.app.cpu - before)

    def _script_for(self, kind: str) -> Path:
        return self.script.with_suffix(f".{kind}.lua")


def _sign_in(port: int, visitors: int) -> list[str]:
    """Return the cookies of new visitors."""
    cookies = []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for _ in range(visitors):
            connection.request(*PLACES[SIGN_IN])
            response = connection.getresponse()
            response.read()
            cookies.append(str(response.getheader("Set-Cookie")).partition(";")[0])
    return cookies


@contextmanager
def _served(name: str, place: Place, load: Load, redis_port: int) -> Iterator[_App]:
    """Lend a server, which ends when its input does, and is killed if it does not."""
    pipe = subprocess.PIPE
    command = (sys.executable, "-m", "benchmarks.served")
    url = place.url.render_as_string(hide_password=False)
    order = {"name": name, "driver": place.driver, "url": url, "load": asdict(load)}
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps({**order, "redis_port": redis_port}) + "\n")
            process.stdin.flush()
            yield _App(process)
            process.stdin.close()
            process.wait(timeout=20)
        finally:
            process.kill()
