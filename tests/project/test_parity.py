"""Both halves have the same names, signatures and tests, and run the same lines."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import litestar_sessions
from litestar_sessions import SQLAlchemyAsyncSessionBackend, SQLAlchemySyncSessionBackend
from tools.twins.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "litestar_sessions"
RENAME = Settings.load(ROOT).table.rename
MODULES = sorted(path.stem for path in (PACKAGE / "_async").glob("*.py"))


def renamed(text: str) -> str:
    """Say in a text what the twin says."""
    return re.sub(r"[\w.]+", lambda match: RENAME(match.group()), text)


def described(module: str) -> dict[str, tuple[object, ...]]:
    """Return everything that a module defines, with what a caller can know of it."""
    found: dict[str, tuple[object, ...]] = {}
    loaded = import_module(module)
    found["__all__"] = tuple(getattr(loaded, "__all__", ()))
    found["__doc__"] = (loaded.__doc__,)
    for name, thing in vars(loaded).items():
        if getattr(thing, "__module__", None) == module:
            found[name] = _facts(thing)
            if inspect.isclass(thing):
                members = {m: v for m, v in vars(thing).items() if callable(v)}
                found |= {f"{name}.{member}": _facts(value) for member, value in members.items()}
    return found


def _facts(thing: Any) -> tuple[object, ...]:
    bases = tuple(base.__name__ for base in getattr(thing, "__bases__", ()))
    try:
        signature = str(inspect.signature(thing))
    except (TypeError, ValueError):
        signature = ""
    return type(thing).__name__, signature, bases, inspect.getdoc(thing)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_the_same_interface_in_both_halves(name: str) -> None:
    one = described(f"litestar_sessions._async.{name}")
    other = described(f"litestar_sessions._sync.{name}")
    assert {renamed(key) for key in one} == set(other)
    for key, facts in one.items():
        mapped = tuple(renamed(fact) if isinstance(fact, str) else _mapped(fact) for fact in facts)
        assert mapped == other[renamed(key)], key


def _mapped(fact: object) -> object:
    if isinstance(fact, tuple):
        return tuple(renamed(part) if isinstance(part, str) else part for part in fact)
    return fact


def test_every_module_has_a_twin() -> None:
    assert sorted(path.stem for path in (PACKAGE / "_sync").glob("*.py")) == MODULES


def test_what_waits_in_one_half_is_a_plain_function_in_the_other() -> None:
    waiting = 0
    for name in MODULES:
        one = import_module(f"litestar_sessions._async.{name}")
        other = import_module(f"litestar_sessions._sync.{name}")
        for class_name, kind in inspect.getmembers(one, inspect.isclass):
            if kind.__module__ != one.__name__ or name == "backend":
                continue
            twin = getattr(other, RENAME(class_name))
            for member, value in vars(kind).items():
                if inspect.iscoroutinefunction(value):
                    assert not inspect.iscoroutinefunction(getattr(twin, RENAME(member)))
                    waiting += 1
    assert waiting > 20


def test_both_backends_have_the_same_face() -> None:
    one, other = SQLAlchemyAsyncSessionBackend, SQLAlchemySyncSessionBackend
    assert dir(one) == dir(other)
    for name in dir(one):
        if callable(value := getattr(one, name)) and not name.startswith("__"):
            twin = getattr(other, name)
            assert inspect.signature(value) == inspect.signature(twin), name
            assert inspect.iscoroutinefunction(value) is inspect.iscoroutinefunction(twin), name


def test_the_root_has_both_of_each_pair() -> None:
    names = set(litestar_sessions.__all__)
    pairs = {(name, RENAME(name)) for name in names if RENAME(name) != name}
    assert len(pairs) >= 3
    assert {twin for _, twin in pairs} <= names


def collected() -> set[str]:
    """Return the tests of both halves."""
    folders = ("tests/_async", "tests/_sync")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *folders]
    output = subprocess.check_output(command, cwd=ROOT, text=True, timeout=120)
    return {line for line in output.splitlines() if "::" in line}


DRIVERS = {"sqlite+aiosqlite": "sqlite+pysqlite", "mysql+asyncmy": "mysql+pymysql"}


def as_twin(test: str) -> str:
    for driver, twin in DRIVERS.items():
        test = test.replace(driver, twin)
    return test.replace("tests/_async/", "tests/_sync/").replace("tests._async.", "tests._sync.")


def test_the_same_tests_are_collected_in_both_halves() -> None:
    tests = collected()
    sources = {test for test in tests if test.startswith("tests/_async/")}
    # asyncpg is there for the async half alone.
    one = {as_twin(renamed(test)) for test in sources if "asyncpg" not in test}
    other = {renamed(test) for test in tests - sources}
    assert one - other == set()
    assert {test for test in other - one if "[" in test and "driver" not in test} == set()


CERTAIN = "sqlite and not (races or at_once or for_all or dictionary)"


def run(half: str, folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Run the tests of a half on SQLite: the outcomes, and what has run of each module.

    Tests in which tasks or threads race are left out, and random histories: which lines they run is
    chance.
    """

    def coverage(data: Path, *arguments: str) -> None:
        # Not this project's settings, which report what runs in a twin as run in its source.
        settings = {"COVERAGE_FILE": str(data), "COVERAGE_RCFILE": os.devnull}
        command = [sys.executable, "-m", "coverage", *arguments]
        subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True, timeout=300)

    data, report, outcomes = (folder / f"{half}{end}" for end in (".data", ".json", ".xml"))
    # SQLAlchemy's async engines switch greenlets, which a tracer has to know.
    measure = ("run", "--branch", "--concurrency=greenlet,thread", f"--include=*/{half}/*")
    quietly = ("-qq", "-p", "no:cacheprovider", "-p", "no:terminalreporter")
    chosen = (
        f"tests/{half}",
        "-k",
        CERTAIN,
    )
    coverage(data, *measure, "-m", "pytest", *quietly, f"--junitxml={outcomes}", *chosen)
    coverage(data, "json", "-q", "-o", str(report))
    cases = ET.parse(outcomes).iter("testcase")
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    package = f"src/litestar_sessions/{half}"
    return (
        {f"{case.get('classname')}::{case.get('name')}": _outcome(case) for case in cases},
        {name: _executed(files[f"{package}/{name}.py"]) for name in MODULES},
    )


def _outcome(case: ET.Element) -> str:
    return " ".join(f"{child.tag} {child.get('message')}" for child in case) or "passed"


def _executed(file: dict[str, Any]) -> tuple[list[int], list[list[int]]]:
    return file["executed_lines"], file["executed_branches"]


def test_the_same_tests_run_the_same_lines_and_have_the_same_outcomes(tmp_path: Path) -> None:
    (one, lines), (other, lines_of_twin) = (run(half, tmp_path) for half in ("_async", "_sync"))
    mapped = {as_twin(renamed(name)): renamed(outcome) for name, outcome in one.items()}
    assert mapped == {renamed(name): outcome for name, outcome in other.items()}
    assert lines == lines_of_twin
