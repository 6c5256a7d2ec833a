"""Change the program in one place at a time, and see whether the tests notice.

Run it with the files to mutate, such as ``src/litestar_sessions/_async/storage.py``. Each mutant
is made in a copy of the project, its twins are generated anew, and the tests run until one fails:
on SQLite first, then on every database. What survives is listed with its line; the last line is the
score.
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
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[1]
TESTS = (
    *("tests/test_statements.py", "tests/_async/test_storage.py", "tests/_sync/test_storage.py"),
    *("tests/_async", "tests/_sync", "tests/test_backends.py", "tests/test_session_config.py"),
    *("tests/test_interleavings.py", "tests/test_request_costs.py", "tests/test_faults.py"),
)
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider")
TIMEOUT = 1200

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
    files: list[str] = parser.parse_args().files
    killed = total = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.db", "dist")
        shutil.copytree(PROJECT, copy, ignore=ignored)
        if _is_killed(copy):
            sys.exit("The tests fail already without a mutation: see `make test`.")
        for name in files:
            source = (copy / name).read_text(encoding="utf-8")
            for line, what, tree in mutants(ast.parse(source)):
                first = source.partition("\n")[0]  # of a source of twins, which has to stay
                text = f"{first if first.startswith('#') else ''}\n{ast.unparse(tree)}\n"
                (copy / name).write_text(text, encoding="utf-8")
                total += 1
                is_killed = _is_killed(copy)
                killed += is_killed
                if not is_killed:
                    print(f"survived: {name}:{line}: {what}", flush=True)  # noqa: T201 - a command line
            (copy / name).write_text(source, encoding="utf-8")
    print(f"{killed} of {total} mutants were killed.")  # noqa: T201 - a command line
    return 0


def _is_killed(copy: Path) -> bool:
    """Return whether a test on SQLite fails or, if none does, one on any database."""
    on_sqlite = ("-k", "not (postgresql or mysql)")
    return (
        _fails(copy, sys.executable, "tools/unasync_build.py", "--force")
        or _fails(copy, *PYTEST, *on_sqlite, *TESTS)
        or _fails(copy, *PYTEST, *TESTS)
    )


def _fails(copy: Path, *command: str) -> bool:
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(  # noqa: S603 - our own
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(TIMEOUT) != 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # and the databases that it has started
            return True


if __name__ == "__main__":
    sys.exit(main())
