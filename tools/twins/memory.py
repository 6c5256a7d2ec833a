"""What the twins were when nobody had edited them."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
from typing import TYPE_CHECKING

from tools.twins.folders import difference, is_written, replace, twins_there

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.twins.settings import Settings


class Memory:
    """What the twins were when nobody had edited them: as last written here, or as committed.

    Without git nothing is remembered, and nothing is taken for an edit.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        place = self._git("rev-parse", "--git-path", "unasync-build.json")
        self._file = None if place is None else project / place.decode().strip()

    def edits(self, settings: Settings, twins: dict[str, bytes]) -> Iterator[str]:
        """Give a text for each twin that is neither rendered nor remembered: someone edited it."""
        if self._file is None:
            return
        written = self._written()
        for name, path in twins_there(self._project, settings).items():
            if path.is_symlink() or path.is_dir() or is_written(path, twins.get(name, b"")):
                continue
            content = path.read_bytes()
            committed = self._git("show", f"HEAD:./{name}")
            if content and content != committed and _digest(content) != written.get(name):
                yield self._edit(settings, name, content, twins.get(name, b""))

    def keep(self, twins: dict[str, bytes]) -> None:
        """Remember what was written."""
        if self._file is not None:
            digests = {name: _digest(content) for name, content in twins.items()}
            replace(self._file, json.dumps(digests, indent=1).encode())

    def _written(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_bytes()) if self._file else {}
        except (OSError, ValueError):
            found = {}
        return found if isinstance(found, dict) else {}

    def _git(self, *arguments: str) -> bytes | None:
        try:
            command = ["git", "-C", str(self._project), *arguments]
            return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own
        except (OSError, subprocess.CalledProcessError):
            return None

    def _edit(self, settings: Settings, name: str, actual: bytes, rendered: bytes) -> str:
        lines = itertools.zip_longest(actual.split(b"\n"), rendered.split(b"\n"))
        number = next(number for number, (one, other) in enumerate(lines, 1) if one != other)
        source = next(
            name.replace(twin, root, 1)
            for root, twin in settings.roots.items()
            if name.startswith(f"{twin.rstrip('/')}/")
        )
        return (
            f"{name}:{number}: was edited by hand: edit {source}:{number} instead, "
            f"or discard this with --force.\n{difference(name, actual, rendered)}"
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
