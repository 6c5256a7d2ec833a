"""What becomes of a tree of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.twins import SETTINGS, TWIN

if TYPE_CHECKING:
    from tests.support.twins import Project


def test_a_root_may_end_with_a_slash(project: Project) -> None:
    settings = SETTINGS.replace("src/_async", "src/_async/").replace("src/_sync", "src/_sync/")
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert project.run("--check") == 0


def test_a_twin_is_its_source_under_other_names(project: Project) -> None:
    assert (project.twins / "module.py").read_text(encoding="utf-8") == TWIN


def test_whatever_is_no_python_is_copied(project: Project) -> None:
    assert (project.twins / "py.typed").read_bytes() == b""
    assert (project.twins / "deep" / "__init__.py").is_file()


@pytest.mark.parametrize("target", ["module.py", "deep", "nowhere"])
def test_a_source_that_is_a_link_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    (project.root / "src" / "_async" / "other.py").symlink_to(target)
    assert project.run() == 1
    assert "src/_async/other.py:1: is a symbolic link" in capsys.readouterr().err


def test_all_problems_are_named_at_once(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.source("import asyncio\nimport time\n")
    project.source("x = AsyncOther\n", "third.py")
    assert project.run() == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
