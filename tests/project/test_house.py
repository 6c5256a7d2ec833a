"""The house: which way imports go is proved by contracts that would fail, and files stay short."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

CIRCLE = "in a circle within a wing"
VIOLATIONS = {
    "upwards, in a function": ("_sql/keys", "def f():\n    import litestar_sessions.model"),
    "upwards, for type checkers": (
        "_requests/settings",
        "if TYPE_CHECKING:\n    from litestar_sessions.config import SQLAlchemySessionConfig",
    ),
    "from one half to the other": ("_sync/reading", "import litestar_sessions._async.reading"),
    CIRCLE: (
        "_drivers/compiled",
        "from litestar_sessions._drivers.direct import StatementRunner",
    ),
    "of requests, in the storage": (
        "_async/verbs",
        "from litestar_sessions._requests.settings import SessionSettings",
    ),
    "of the root": ("_requests/store", "from litestar_sessions import SessionPlugin"),
    "of drivers, in the model": ("model", "from litestar_sessions._drivers import compat"),
    "of Litestar, in a driver": ("_drivers/threads", "from litestar.types import Scope"),
    "of greenlet": ("_drivers/engines", "from greenlet import getcurrent"),
    "of what needs greenlet": (
        "_sync/execution",
        "from litestar_sessions._drivers.greenlets import call_in_greenlet",
    ),
}
CONTRACTS = re.findall(
    r'^name = "(.+)"\ntype = "', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
)
MOST_LINES, MOST_CODE = 200, 20


def lint(folder: Path) -> str:
    """Return what import-linter says of the sources in a folder."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-logo", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "500"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the sources and their contracts."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept(copied: Path) -> None:
    said = lint(copied)
    assert len(CONTRACTS) >= 8
    for contract in CONTRACTS:
        assert re.search(rf"^{re.escape(contract)} KEPT", said, re.MULTILINE), said


def test_every_contract_can_be_broken_and_names_the_import(copied: Path) -> None:
    for module, text in VIOLATIONS.values():
        with (copied / "src" / "litestar_sessions" / f"{module}.py").open("a") as file:
            file.write(f"\n{text}\n")
    said = lint(copied)
    for contract in CONTRACTS:
        assert re.search(rf"^{re.escape(contract)} BROKEN", said, re.MULTILINE), said
    for kind, (module, _) in VIOLATIONS.items():
        importer = f"litestar_sessions.{module.replace('/', '.')}"
        if kind != CIRCLE:  # of which any import may be named
            assert re.search(rf"{re.escape(importer)} -> \S+ \(l\.", said), importer
    assert "No cycles are allowed in litestar_sessions._drivers." in said


def test_a_module_that_no_layer_has_is_refused(copied: Path) -> None:
    (copied / "src" / "litestar_sessions" / "elsewhere.py").touch()
    assert "1 broken" in lint(copied)


def _over_budget() -> Iterator[str]:
    for path in sorted(p for folder in ("src", "tools") for p in (ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        lines = text.splitlines()
        if len(lines) > MOST_LINES:
            yield f"{name}: {len(lines)} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = len(_code(node, lines))
                if count > MOST_CODE:
                    yield f"{name}:{node.lineno}: {node.name}, {count} lines of code"


def _code(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> list[str]:
    """Return the lines of code of a function, without its signature and its docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    if not body:
        return []
    code = lines[body[0].lineno - 1 : function.end_lineno]
    return [line for line in code if line.strip() and not line.strip().startswith("#")]


def test_modules_and_functions_keep_within_their_budgets() -> None:
    assert list(_over_budget()) == []
