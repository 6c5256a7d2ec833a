"""The files of the twins: compared with what was rendered, and written."""

from __future__ import annotations

import difflib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.twins.settings import Settings

_EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def files_below(root: Path) -> list[Path]:
    """Return the files of a tree, in order, without what Python caches there."""
    return sorted(
        path
        for path in root.rglob("*")
        if (path.is_symlink() or path.is_file())
        and "__pycache__" not in path.relative_to(root).parts
    )


def differences(project: Path, settings: Settings, twins: dict[str, bytes]) -> Iterator[str]:
    """Give a text for each file of the twins' trees that is not what was rendered."""
    there = twins_there(project, settings)
    for name in sorted(twins.keys() | there.keys()):
        path = there.get(name)
        if path is None:
            yield f"{name}: is missing\n{difference(name, b'', twins[name])}"
        elif path.is_symlink():
            yield f"{name}: is a symbolic link"
        elif path.is_dir():
            yield f"{name}: is a folder without a source"
        elif name not in twins:
            yield f"{name}: no source has this twin\n{difference(name, path.read_bytes(), b'')}"
        elif path.read_bytes() != twins[name]:
            yield difference(name, path.read_bytes(), twins[name])
        elif path.stat().st_mode & _EXECUTABLE:
            yield f"{name}: is executable"


def twins_there(project: Path, settings: Settings) -> dict[str, Path]:
    """Return what is in the twins' trees: files, links, and folders in which nothing is."""
    roots = [project / root for root in settings.roots.values()]
    paths = [path for root in roots for path in (*files_below(root), *_empty_folders(root))]
    return {path.relative_to(project).as_posix(): path for path in paths}


def difference(name: str, actual: bytes, expected: bytes) -> str:
    """Show what differs between a file and what was rendered."""
    lines = difflib.unified_diff(_shown(actual), _shown(expected), name, f"{name} (rendered)")
    return "".join(lines)


def _shown(content: bytes) -> list[str]:
    """Return lines on which everything is seen: also other newlines, marks and a missing end."""
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    end = lines.pop()
    seen = [line.encode("unicode_escape").decode() + "\n" for line in lines]
    return [*seen, f"{end}\n\\ No newline at end of file\n"] if end else seen


def write(project: Path, settings: Settings, twins: dict[str, bytes]) -> list[str]:
    """Make the twins' trees what was rendered; return what was done, a line for each file."""
    done = []
    # First, so that nothing is written through a link that stands where a folder belongs.
    for name, path in twins_there(project, settings).items():
        if name not in twins and (path.is_symlink() or not path.is_dir()):
            path.unlink()
            done.append(f"removed {name}")
    for root in settings.roots.values():
        for folder in _empty_folders(project / root):
            shutil.rmtree(folder)
            done.append(f"removed {folder.relative_to(project).as_posix()}")
    for name, content in twins.items():
        path = project / name
        if not is_written(path, content):
            replace(path, content)
            done.append(f"wrote {name}")
    return done


def is_written(path: Path, content: bytes) -> bool:
    """Tell whether a file is there as it was rendered, and is neither a link nor executable."""
    is_file = path.is_file() and not path.is_symlink()
    return is_file and path.read_bytes() == content and not path.stat().st_mode & _EXECUTABLE


def replace(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def _empty_folders(root: Path) -> list[Path]:
    """Return the topmost folders in which no file is, but for what Python caches."""
    filled = {parent for path in files_below(root) for parent in path.parents}
    folders = (path for path in sorted(root.rglob("*")) if path.is_dir() and not path.is_symlink())
    empty = [path for path in folders if path not in filled and path.name != "__pycache__"]
    return [path for path in empty if path.parent not in empty]
