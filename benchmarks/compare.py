"""The working tree beside another revision of the package: what a change does to its speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.contenders import OURS, VERBS, fill_tables
from benchmarks.handlers import KINDS
from benchmarks.loop import run
from benchmarks.measuring import Timing, Turn, cpu_ratios, middle, ratios, take_turns
from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.settings import ROOT, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "WHAT", "main")

DEFAULTS = Settings(
    driver=("async postgresql+asyncpg", "async mysql+asyncmy", "sync sqlite+pysqlite"),
    rounds=21,
)
WHAT = (*VERBS, *KINDS)
NEW, BASE = "new", "base"
COLUMNS = {
    "driver": 26,
    "concurrency": 11,
    "what": 17,
    "per_second": 10,
    "of_base": 7,
    "of_base_quartiles": 17,
    "cpu_of_base": 11,
    "cpu_of_base_quartiles": 21,
}


def main(settings: Settings, servers: Servers) -> Results:
    """Measure verbs and requests of both; a ratio above 1 is a rate that has grown."""
    with _checkout(settings.base) as base:
        report = Report(COLUMNS)
        sources = {BASE: base / "src", NEW: ROOT / "src"}
        for place, load in grid(settings, servers):
            fill_tables(place, load, [OURS])
            for what, timings in _measure(sources, place, load, settings).items():
                _add(report, place.driver, load, what, timings)
    return report.results


@contextmanager
def _checkout(revision: str) -> Iterator[Path]:
    """Lend a worktree of a revision, which is removed afterwards."""
    git = ("git", "-C", str(ROOT), "worktree")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "base"
        subprocess.run((*git, "add", "--quiet", "--detach", place, revision), check=True)
        try:
            yield place
        finally:
            subprocess.run((*git, "remove", "--force", place), check=True)


def _measure(
    sources: dict[str, Path], place: Place, load: Load, settings: Settings
) -> dict[str, dict[str, list[Timing]]]:
    with _worker(sources[BASE], place, load) as base, _worker(sources[NEW], place, load) as new:
        takers = {BASE: base, NEW: new}
        turn = Turn.of(settings)
        return {
            what: run(
                take_turns(
                    {name: partial(taker.take, what, turn) for name, taker in takers.items()},
                    settings.rounds,
                )
            )
            for what in WHAT
        }


class _Worker:
    """A process that performs what it is told with one revision."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, order: object = None) -> Any:
        """Send an order, if there is one, and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if order is not None:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("A worker has ended: see above.")
        return json.loads(line)

    async def take(self, what: str, turn: Turn) -> Timing:
        """Take a turn, during which this process waits."""
        return Timing(**self.ask({"what": what, "turn": asdict(turn)}))


@contextmanager
def _worker(source: Path, place: Place, load: Load) -> Iterator[_Worker]:
    """Lend a worker that has opened its connections and signed in its visitors."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    command = (sys.executable, "-m", "benchmarks.worker")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        try:
            worker = _Worker(process)
            url = place.url.render_as_string(hide_password=False)
            opened = worker.ask({"driver": place.driver, "url": url, "load": asdict(load)})
            assert Path(opened) == source, opened
            worker.ask()
            yield worker
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=20)
        finally:
            process.kill()


def _add(
    report: Report, driver: str, load: Load, what: str, timings: dict[str, list[Timing]]
) -> None:
    report.add(
        driver=driver,
        concurrency=load.concurrency,
        what=what,
        of_base=ratios(timings[NEW], timings[BASE]),
        cpu_of_base=cpu_ratios(timings[NEW], timings[BASE]),
        **middle(timings[NEW]),
    )
