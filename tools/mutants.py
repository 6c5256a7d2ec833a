"""Change the program in one place at a time, and see whether the tests notice.

Run it with the files to mutate, such as ``src/litestar_sessions/_async/storage.py``. Each mutant
is made in a copy of the project, its twins are generated anew, and the tests run until one fails:
on SQLite first, then on the other databases. What survives is listed with its line; the last line
is the score.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

if not __package__:
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.mutation import mutants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

PROJECT = Path(__file__).parents[1]
TESTS = (
    *("tests/sql", "tests/_async/test_storage.py", "tests/_sync/test_storage.py"),
    *("tests/_async", "tests/_sync", "tests/requests/test_backend.py", "tests/test_config.py"),
    *("tests/requests/test_policy.py", "tests/requests/test_interleavings.py"),
    *("tests/requests/test_costs.py", "tests/requests/test_faults.py"),
    *("tests/drivers/test_direct.py", "tests/drivers/test_round_trips.py"),
)
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider")
TIMEOUT = 400


def main() -> int:
    """Run every mutant; return 0 even if some survive: they are to be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", help="what to mutate, from the top of the project")
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants to try at once")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended by a signal."))
    with tempfile.TemporaryDirectory() as folder, _Copies(Path(folder), options.jobs) as copies:
        if copies.kills(options.files[0], (PROJECT / options.files[0]).read_text("utf-8")):
            sys.exit("The tests fail already without a mutation: see `make test`.")
        threads = ThreadPoolExecutor(options.jobs)
        try:
            killed = list(threads.map(copies.try_one, _all_mutants(options.files)))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
    print(f"{sum(killed)} of {len(killed)} mutants were killed.")  # noqa: T201 - a command line
    return 0


class _Mutant(NamedTuple):
    """One file, changed in one place."""

    file: str
    line: int
    what: str
    text: str


def _all_mutants(files: list[str]) -> Iterator[_Mutant]:
    for file in files:
        source = (PROJECT / file).read_text("utf-8")
        first = source.partition("\n")[0]  # of a source of twins, which has to stay
        head = first if first.startswith("#") else ""
        for line, what, tree in mutants(ast.parse(source)):
            yield _Mutant(file, line, what, f"{head}\n{ast.unparse(tree)}\n")


class _Copies:
    """Copies of the project, one for each mutant that is tried at the same time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: SimpleQueue[Path] = SimpleQueue()
        self._running: set[subprocess.Popen[bytes]] = set()
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.db", "dist")
        for number in range(count):
            copy = folder / f"copy{number}"
            shutil.copytree(PROJECT, copy, ignore=ignored)
            self._free.put(copy)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in tuple(self._running):
            os.killpg(process.pid, signal.SIGKILL)  # and the databases that it has started

    def try_one(self, mutant: _Mutant) -> bool:
        """Tell whether the tests notice a mutant, and print it if they do not."""
        is_killed = self.kills(mutant.file, mutant.text)
        if not is_killed:
            print(f"survived: {mutant.file}:{mutant.line}: {mutant.what}", flush=True)  # noqa: T201 - as above
        return is_killed

    def kills(self, file: str, text: str) -> bool:
        """Tell whether a test fails when the file has that text: on SQLite, or else elsewhere."""
        copy = self._free.get()
        path = copy / file
        source = path.read_bytes()
        try:
            path.write_text(text, encoding="utf-8")
            return (
                self._fails(copy, sys.executable, "tools/unasync_build.py", "--force")
                or self._fails(copy, *PYTEST, "-k", "not (postgresql or mysql)", *TESTS)
                or self._fails(copy, *PYTEST, "-k", "postgresql or mysql", *TESTS)
            )
        finally:
            path.write_bytes(source)
            self._free.put(copy)

    def _fails(self, copy: Path, *command: str) -> bool:
        nowhere = subprocess.DEVNULL
        settings = {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(  # noqa: S603 - our own
            command,
            cwd=copy,
            env={**os.environ, **settings},
            stdout=nowhere,
            stderr=nowhere,
            start_new_session=True,
        ) as process:
            self._running.add(process)
            try:
                return process.wait(TIMEOUT) != 0
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return True
            finally:
                self._running.remove(process)


if __name__ == "__main__":
    sys.exit(main())
