"""Twins that were tampered with are seen, and healed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.twins import BODY, add_twin, change_twin, edit_settings, edit_twin

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.twins import Project


def test_generating_again_touches_nothing(project: Project) -> None:
    before = project.snapshot()
    assert project.run() == 0
    assert project.snapshot() == before


def test_generating_writes_only_what_changed(project: Project) -> None:
    before = project.snapshot()
    project.source("x = 1\n", "deep/__init__.py")
    assert project.run() == 0
    changed = {path for path, state in project.snapshot().items() if before.get(path) != state}
    assert changed == {
        project.root / "src/_async/deep/__init__.py",
        project.root / "src/_sync/deep/__init__.py",
    }


def test_generating_removes_what_has_no_source(project: Project) -> None:
    (project.twins / "gone").mkdir()
    (project.twins / "gone" / "orphan.py").touch()
    (project.twins / "orphan.py").touch()
    assert project.run() == 0
    assert not (project.twins / "gone").exists()
    assert not (project.twins / "orphan.py").exists()
    assert project.run("--check") == 0


def _delete(project: Project) -> None:
    (project.twins / "module.py").unlink()


def _link(project: Project) -> None:
    path = project.twins / "module.py"
    path.rename(project.root / "elsewhere.py")
    path.symlink_to(project.root / "elsewhere.py")


def _swap(project: Project) -> None:
    one, other = project.twins / "module.py", project.twins / "deep" / "__init__.py"
    contents = one.read_bytes(), other.read_bytes()
    other.write_bytes(contents[0])
    one.write_bytes(contents[1])


def _delete_source(project: Project) -> None:
    (project.root / "src" / "_async" / "deep" / "__init__.py").unlink()


def _link_folder_to_source(project: Project) -> None:
    (project.twins / "deep" / "__init__.py").unlink()
    (project.twins / "deep").rmdir()
    (project.twins / "deep").symlink_to(Path("..", "_async", "deep"))


def _file_for_folder(project: Project) -> None:
    (project.twins / "deep" / "__init__.py").unlink()
    (project.twins / "deep").rmdir()
    (project.twins / "deep").touch()


def _folder_for_file(project: Project) -> None:
    _delete(project)
    (project.twins / "module.py").mkdir()


def _make_executable(project: Project) -> None:
    (project.twins / "module.py").chmod(0o755)


def _rename(project: Project) -> None:
    (project.twins / "module.py").rename(project.twins / "modules.py")


TAMPERING: dict[str, Callable[[Project], None]] = {
    "deleted": _delete,
    "emptied": change_twin(lambda _: b""),
    "cut short": change_twin(lambda content: content[:-40]),
    "its last newline removed": change_twin(lambda content: content[:-1]),
    "appended to": change_twin(lambda content: content + b"x = 1\n"),
    "a blank line appended": change_twin(lambda content: content + b"\n"),
    "a blank line inserted": change_twin(lambda content: content.replace(b"\n\n", b"\n\n\n", 1)),
    "indented otherwise": change_twin(lambda content: content.replace(b"    ", b"  ")),
    "trailing blanks": change_twin(lambda content: content.replace(b"\n", b" \n", 5)),
    "other newlines": change_twin(lambda content: content.replace(b"\n", b"\r\n")),
    "a byte order mark": change_twin(lambda content: b"\xef\xbb\xbf" + content),
    "its header edited": change_twin(lambda content: content.replace(b"The twin", b"A twin", 1)),
    "a comment edited": change_twin(lambda content: content.replace(b"Keep", b"Drop")),
    "a name edited": change_twin(lambda content: content.replace(b"opened", b"closed")),
    "no UTF-8": change_twin(lambda content: content + b"# \xff\n"),
    "swapped with another": _swap,
    "a symbolic link": _link,
    "its folder a link to the source's": _link_folder_to_source,
    "its folder a file": _file_for_folder,
    "a folder in its place": _folder_for_file,
    "an orphan beside it": add_twin("orphan.py"),
    "an orphan folder beside it": add_twin("orphans/__init__.py"),
    "an empty folder beside it": lambda project: (project.twins / "empty" / "deep").mkdir(
        parents=True
    ),
    "executable": _make_executable,
    "renamed": _rename,
    "its name in the table changed": edit_settings('"Thing"', '"Object"'),
    "a dotted name in the table changed": edit_settings('= "package"', '= "packages"'),
    "its first line in the settings changed": edit_settings("The twin", "A twin"),
    "a foreign file beside it": add_twin("notes.bin", b"\xff\x00"),
    "the copied file deleted": lambda project: (project.twins / "py.typed").unlink(),
    "the copied file filled": add_twin("py.typed", b"partial\n"),
    "its source changed": lambda project: project.source(f"{BODY}x = 1\n", "module.py"),
    "its source deleted": _delete_source,
    "a source without a twin": lambda project: project.source("x = 1\n", "new.py"),
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_the_check_sees_that_a_twin_was_tampered_with(
    project: Project, capsys: pytest.CaptureFixture[str], tampering: str
) -> None:
    assert project.run("--check") == 0
    capsys.readouterr()
    TAMPERING[tampering](project)
    before = project.snapshot()
    assert project.run("--check") == 1
    assert project.snapshot() == before
    assert capsys.readouterr().err


@pytest.mark.parametrize("tampering", TAMPERING)
def test_generating_heals_it_and_leaves_the_rest_alone(project: Project, tampering: str) -> None:
    TAMPERING[tampering](project)
    before = {path: state for path, state in project.snapshot().items() if not _in(project, path)}
    assert project.run() == 0
    assert project.run("--check") == 0
    after = {path: state for path, state in project.snapshot().items() if not _in(project, path)}
    assert after == before


def _in(project: Project, path: Path) -> bool:
    return project.twins in path.parents


def test_the_check_shows_the_difference(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_twin(b"Keep", b"Drop")(project)
    project.run("--check")
    shown = capsys.readouterr().err.splitlines()
    assert "-    # Drop what it says." in shown
    assert "+    # Keep what it says." in shown


@pytest.mark.parametrize(
    ("tampering", "line"),
    [
        (_delete, "+# The twin of src/_async/module.py."),
        (add_twin("orphan.bin", b"\xff\x00\n"), r"-\\xff\x00"),
    ],
    ids=["missing", "left over"],
)
def test_the_check_shows_what_is_missing_and_what_is_left_over(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    tampering: Callable[[Project], None],
    line: str,
) -> None:
    tampering(project)
    project.run("--check")
    assert line in capsys.readouterr().err.splitlines()


def test_a_write_that_fails_leaves_the_twin_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    project.source(f"{BODY}x = 1\n", "module.py")
    before = project.snapshot()
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        project.run()
    assert project.snapshot() == before
