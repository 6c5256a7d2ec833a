"""A small project with twins, to be tampered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools import unasync_build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MARKER = "# A source."

SETTINGS = """
[tool.unasync-build]
source-line = "# A source."
twin-line = "# The twin of {source}."
roots = { "src/_async" = "src/_sync" }
no-twin-modules = ["anyio", "asyncio", "threading", "time", "trio"]
no-twin-methods = ["get_raw_connection", "run_sync", "stream*"]

[tool.unasync-build.names]
AsyncThing = "Thing"
"__aenter__" = "__enter__"

[tool.unasync-build.dotted]
"package.aio" = "package"
"""

SOURCE = f'''{MARKER}
"""A module."""

from package.aio import AsyncThing

__all__ = ("AsyncThing", "use")


async def use(thing: AsyncThing) -> list[int]:
    # Keep what it says.
    async with thing as opened:
        values = [value async for value in opened]
    return await opened.__aenter__() or values
'''

BODY = SOURCE.partition("\n")[2]

TWIN = '''# The twin of src/_async/module.py.
"""A module."""

from package import Thing

__all__ = ("Thing", "use")


def use(thing: Thing) -> list[int]:
    # Keep what it says.
    with thing as opened:
        values = [value for value in opened]
    return opened.__enter__() or values
'''


@dataclass
class Project:
    """A project with one source, `src/_async/module.py`, beside which others may be put."""

    root: Path

    @property
    def twins(self) -> Path:
        return self.root / "src" / "_sync"

    def source(self, text: str, name: str = "other.py") -> None:
        """Write a source; its first line is added."""
        path = self.root / "src" / "_async" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{MARKER}\n{text}", encoding="utf-8")

    def run(self, *arguments: str) -> int:
        return unasync_build.main(["--root", str(self.root), *arguments])

    def snapshot(self) -> dict[Path, tuple[bytes, int]]:
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in self.root.rglob("*")
            if path.is_file()
        }


def edit_settings(old: str, new: str) -> Callable[[Project], None]:
    def tamper(project: Project) -> None:
        path = project.root / "pyproject.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return tamper


def edit_twin(old: bytes, new: bytes) -> Callable[[Project], None]:
    return change_twin(lambda content: content.replace(old, new))


def change_twin(change: Callable[[bytes], bytes]) -> Callable[[Project], None]:
    def tamper(project: Project) -> None:
        path = project.twins / "module.py"
        path.write_bytes(change(path.read_bytes()))

    return tamper


def add_twin(name: str, content: bytes = b"") -> Callable[[Project], None]:
    def tamper(project: Project) -> None:
        path = project.twins / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    return tamper
