"""Settings that do not fit are refused, with their line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.twins import SETTINGS

if TYPE_CHECKING:
    from tests.support.twins import Project


UNUSED = "AsyncNobody = 'Nobody'\nAsyncThing ="


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (SETTINGS.replace("AsyncThing =", UNUSED), "toml:10: no source uses the rule for"),
        (SETTINGS + '"nowhere.aio" = "nowhere"\n', "toml:15: no source uses the rule"),
        (SETTINGS.replace("AsyncThing =", "AsyncThin ="), "AsyncThing is not in the table"),
        (SETTINGS.replace("roots =", "rules = 1\nroots ="), "toml:5: [tool.unasync-build] has no"),
        (SETTINGS.replace("# The twin of {source}", "# A twin"), "must name the {source}"),
        (SETTINGS.replace("# A source.", "A source."), "must be a comment of one line"),
        (SETTINGS.replace('source-line = "# A source."', ""), "must be a comment of one line"),
        (SETTINGS.replace('"Thing"', "1"), "must be a table of strings"),
        (SETTINGS.replace('"trio"]', "1]"), "toml:6: 'no-twin-modules' must be a list of names"),
        (SETTINGS.replace('"trio"]', '"a b"]'), "toml:6: 'no-twin-modules' must be a list"),
        (SETTINGS.replace('"stream*"', '"x.y"'), "toml:7: 'no-twin-methods' must be a list"),
        (SETTINGS.replace('["get_', '"get_').replace('*"]', '"'), "is not as it should be"),
        (SETTINGS.replace('"Thing"', '"no name"'), "module.py:4: the twin is no Python"),
        (SETTINGS.replace("src/_async", "src/nowhere"), "'src/nowhere' is no folder"),
        ("[tool]\nunasync-build = 1\n", "needs roots"),
        ("tool = 1\n", "is not as it should be"),
        ("x = [", "is not as it should be"),
        ("", "needs roots"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], settings: str, reason: str
) -> None:
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert project.run("--check") == 1
    assert reason in capsys.readouterr().err


def test_a_project_without_settings_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / "pyproject.toml").unlink()
    assert project.run() == 1
    assert "pyproject.toml: is not as it should be" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("twins", "reason"),
    [
        ("", "overlap"),
        ("src", "overlap"),
        ("src/_async", "overlap"),
        ("src/_async/deep", "overlap"),
        ("../elsewhere", "inside the project"),
        ("{beside}/elsewhere", "inside the project"),
        ("link", "no link"),
    ],
    ids=["project", "above", "same", "below", "outside", "absolute", "link"],
)
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_twins_are_never_written_over_sources_or_outside_the_project(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    twins: str,
    reason: str,
    options: list[str],
) -> None:
    (project.root / "link").symlink_to("src/_async")
    settings = SETTINGS.replace("src/_sync", twins.format(beside=project.root.parent))
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    before = project.snapshot()
    assert project.run(*options) == 1
    assert reason in capsys.readouterr().err
    assert project.snapshot() == before


def test_a_list_must_be_one(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    settings = "".join(line for line in SETTINGS.splitlines(keepends=True) if "no-" not in line)
    edited = settings.replace("roots =", "no-twin-methods = 'stream'\nroots =")
    (project.root / "pyproject.toml").write_text(edited, encoding="utf-8")
    assert project.run("--check") == 1
    assert "toml:5: 'no-twin-methods' must be a list of names" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "line", "reason"),
    [
        ("", "import trio", "trio has no twin"),
        ("", "import anyio.abc", "anyio.abc has no twin"),
        ("", "from asyncio import sleep", "asyncio has no twin"),
        ("", "import time, threading", ""),
        ("", "x = y.stream().run_sync()", ""),
        ("no-twin-modules = []", "import trio, anyio", ""),
        ("no-twin-modules = ['os.path']", "import os, trio", ""),
        ("no-twin-modules = ['os.path']", "import os.path", "os.path has no twin"),
        ("no-twin-modules = ['os.path']", "from os import sep, path", "os.path has no twin"),
        ("no-twin-modules = ['os.path']", "from os.path import join", "os.path has no twin"),
        ("no-twin-modules = ['os.path']", "from os import pathlike", ""),
        ("no-twin-modules = ['os.path']", "from .os.path import join", ""),
        ("no-twin-methods = ['run_*']", "x = y.run_now()", "run_now has no twin"),
        ("no-twin-methods = ['run_*']", "x = run_now(y.rerun_now)", ""),
    ],
)
def test_what_has_no_twin_is_what_the_project_says(
    project: Project, capsys: pytest.CaptureFixture[str], setting: str, line: str, reason: str
) -> None:
    settings = "".join(line for line in SETTINGS.splitlines(keepends=True) if "no-" not in line)
    edited = settings.replace("roots =", f"{setting}\nroots =")
    (project.root / "pyproject.toml").write_text(edited, encoding="utf-8")
    project.source(f"{line}\n")
    assert project.run() == (1 if reason else 0)
    assert reason in capsys.readouterr().err
