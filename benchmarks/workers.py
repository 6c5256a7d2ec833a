"""Other revisions of the package, each in a process of its own that does what it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import Timing
from benchmarks.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measuring import Turn
    from benchmarks.places import Load, Place

__all__ = ("Worker", "checkout", "environment", "worker")


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Lend a worktree of a revision, which is removed afterwards."""
    git = ("git", "-C", str(ROOT), "worktree")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "base"
        subprocess.run((*git, "add", "--quiet", "--detach", place, revision), check=True)
        try:
            yield place
        finally:
            subprocess.run((*git, "remove", "--force", place), check=True)


class Worker:
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
        return Timing(**self.order(what, turn))

    def order(self, what: str, turn: Turn) -> Any:
        """Have a turn taken; return the answer."""
        return self.ask({"what": what, "turn": asdict(turn)})


@contextmanager
def environment(source: Path) -> Iterator[dict[str, str]]:
    """Lend the environment of a process that has one revision, and not what is installed.

    Alembic imports whatever a package has registered with it, and the revision may not have that.
    Only the first of two distributions of one name counts, and this one has registered nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "litestar_sessions-0.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text("Metadata-Version: 2.1\nName: litestar-sessions\nVersion: 0\n")
        paths = (folder, str(source), *os.environ.get("PYTHONPATH", "").split(os.pathsep))
        yield {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@contextmanager
def worker(
    source: Path, place: Place, load: Load, module: str = "benchmarks.worker"
) -> Iterator[Worker]:
    """Lend a worker that has opened its connections and signed in its visitors."""
    command = (sys.executable, "-m", module)
    pipe = subprocess.PIPE
    with (
        environment(source) as variables,
        subprocess.Popen(
            command, cwd=ROOT, env=variables, stdin=pipe, stdout=pipe, text=True
        ) as process,
    ):
        try:
            found = Worker(process)
            url = place.url.render_as_string(hide_password=False)
            opened = found.ask({"driver": place.driver, "url": url, "load": asdict(load)})
            assert Path(opened) == source, opened
            found.ask()
            yield found
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=20)
        finally:
            process.kill()
