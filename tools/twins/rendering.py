"""All sources of a project on their way to their twins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.twins.conversion import Conversion
from tools.twins.folders import files_below
from tools.twins.problems import RefusedError
from tools.twins.settings import unused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.twins.problems import Problem
    from tools.twins.settings import Settings


def sources(project: Path, settings: Settings) -> Iterator[tuple[Path, str]]:
    """Give each source, and the path of its twin in the project."""
    for source_root, twin_root in settings.roots.items():
        root = project / source_root
        for path in files_below(root):
            yield (
                path,
                (project / twin_root / path.relative_to(root)).relative_to(project).as_posix(),
            )


def render(project: Path, settings: Settings) -> dict[str, bytes]:
    """Return every file that belongs into the twins' trees, by its path in the project.

    Raises:
        RefusedError: A source cannot be converted, or a rule of the table is of no use.
    """
    twins: dict[str, bytes] = {}
    problems: list[str] = []
    for path, twin in sources(project, settings):
        found: list[Problem] = []
        source = path.relative_to(project).as_posix()
        twins[twin] = _rendered(path, source, settings, found)
        problems += [f"{source}:{line}: {message}" for line, message in sorted(set(found))]
    problems += unused(project, settings.table)
    if problems:
        raise RefusedError("\n".join(problems))
    return twins


def _rendered(path: Path, source: str, settings: Settings, found: list[Problem]) -> bytes:
    if path.is_symlink():
        found.append((1, "is a symbolic link: put the file there."))
        return b""
    content = path.read_bytes()
    is_python = path.suffix in {".py", ".pyi"}
    return Conversion(source, settings, found).convert(content) if is_python else content
