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
from copy import deepcopy
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

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

_ANNOTATED = ("annotation", "returns")
_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Give each mutant of a module's functions: the line, what was done there, and the tree."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {inner for function in functions for inner in ast.walk(function)} - _annotations(tree)
    for index, node in enumerate(ast.walk(tree)):
        for name, done in _changes(node) if node in inside else ():
            duplicate = deepcopy(tree)
            target = list(ast.walk(duplicate))[index]
            for field, value in done.items():
                setattr(target, field, value)
            yield getattr(node, "lineno", 0), name, ast.fix_missing_locations(duplicate)


def _annotations(tree: ast.Module) -> set[ast.AST]:
    """Return what never runs, since every module imports them from the future as text."""
    places = [getattr(node, place, None) for node in ast.walk(tree) for place in _ANNOTATED]
    return {node for place in places if place is not None for node in ast.walk(place)}


def _changes(node: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITES:
        opposite = _OPPOSITES[type(node.ops[0])]
        yield f"comparison becomes {opposite.__name__}", {"ops": [opposite()]}
    if isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _OPPOSITES:
        opposite = _OPPOSITES[type(node.op)]
        yield f"operator becomes {opposite.__name__}", {"op": opposite()}
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition is turned", {"test": ast.UnaryOp(ast.Not(), node.test)}
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        other = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} becomes {other}", {"value": other}
    if isinstance(node, ast.Return) and not _is_none(node.value):
        yield "returns None", {"value": ast.Constant(None)}
    if isinstance(node, ast.Call) and node.keywords:
        for keyword in node.keywords:
            others = [other for other in node.keywords if other is not keyword]
            yield f"without {keyword.arg}=", {"keywords": others}
    yield from _deletions(getattr(node, "body", None))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _deletions(body: object) -> Iterator[tuple[str, dict[str, object]]]:
    for position, statement in enumerate(body if isinstance(body, list) else []):
        if _can_go(statement):
            rest = [*body[:position], ast.Pass(), *body[position + 1 :]]  # type: ignore[index]  # it is a list
            yield f"without line {statement.lineno}", {"body": rest}


def _can_go(statement: ast.stmt) -> bool:
    is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    kinds = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise)
    return isinstance(statement, kinds) and not is_docstring


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
        environment = {
            **os.environ,
            "PYTHONPATH": str(copy / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with subprocess.Popen(  # noqa: S603 - our own
            command,
            cwd=copy,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
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
