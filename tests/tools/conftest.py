"""A project whose twins are up to date, with and without git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.twins import BODY, SETTINGS, Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose twins are up to date."""
    project = Project(tmp_path)
    (tmp_path / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    project.source(BODY, "module.py")
    project.source("", "deep/__init__.py")
    (tmp_path / "src" / "_async" / "py.typed").touch()
    assert project.run() == 0
    return project


@pytest.fixture
def repository(project: Project) -> Project:
    """A project under git, all of it committed."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "All of it"]):
        subprocess.run(["git", "-C", str(project.root), *command], check=True)
    return project
