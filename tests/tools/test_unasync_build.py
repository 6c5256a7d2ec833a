"""The generator as a command, and the order of its rooms."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools import twins, unasync_build

if TYPE_CHECKING:
    from tests.support.twins import Project

TOOL = Path(__file__).parents[2] / "tools" / "unasync_build.py"


def test_the_twins_of_this_project_are_up_to_date() -> None:
    assert unasync_build.main(["--check"]) == 0


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_it_is_a_command(project: Project, options: list[str]) -> None:
    command = [sys.executable, str(TOOL), "--root", str(project.root), *options]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    (project.twins / "orphan.py").touch()
    code = subprocess.run(command, check=False, capture_output=True).returncode
    assert code == (1 if options else 0)


def test_it_runs_in_any_folder_and_as_a_module(project: Project, tmp_path: Path) -> None:
    for command, folder in (
        ([str(TOOL)], tmp_path),
        (["-m", "tools.unasync_build"], TOOL.parents[1]),
    ):
        arguments = [sys.executable, *command, "--check", "--root", str(project.root)]
        assert subprocess.run(arguments, cwd=folder, check=False).returncode == 0


def test_it_runs_where_it_was_copied_to(project: Project) -> None:
    for name in ("unasync_build.py", "twins"):
        copy = shutil.copytree if (TOOL.parent / name).is_dir() else shutil.copy
        (project.root / "tools").mkdir(exist_ok=True)
        copy(TOOL.parent / name, project.root / "tools" / name)
    command = [sys.executable, str(project.root / "tools" / "unasync_build.py"), "--check"]
    assert subprocess.run(command, cwd="/", check=False).returncode == 0


def test_each_room_imports_only_what_is_above_it() -> None:
    rooms = re.findall("^``(.*)``:", twins.__doc__ or "", re.MULTILINE)
    folder = TOOL.parent / "twins"
    assert sorted([*rooms, "__init__"]) == sorted(path.stem for path in folder.glob("*.py"))
    for number, room in enumerate(rooms):
        text = (folder / f"{room}.py").read_text(encoding="utf-8")
        imported = set(re.findall(r"from tools\.twins\.(\w+) import", text))
        assert imported <= set(rooms[:number]), room
