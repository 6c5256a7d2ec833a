"""What ``[tool.unasync-build]`` in ``pyproject.toml`` says."""

from __future__ import annotations

import itertools
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.twins.problems import RefusedError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASYNC_FRAMEWORKS = ("anyio", "asyncio", "trio")
"""Have no twin in a project that does not say what has none: a call that nothing awaits is lost."""

_TABLES = ("roots", "names", "dotted")
_LINES = ("source-line", "twin-line")
_LISTS = {"no-twin-modules": r"\w+(\.\w+)*", "no-twin-methods": r"[\w*]+"}


@dataclass
class Table:
    """The names that differ between the halves, and which of them the sources have used."""

    names: dict[str, str] = field(default_factory=dict)
    dotted: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    imported: set[tuple[str, bool]] = field(default_factory=set)
    """The dotted rules that begin a module that is imported, and whether after leading dots."""

    def sequence(self, name: str) -> str | None:
        """Return the longest rule for a sequence with which a dotted name begins."""
        fitting = [rule for rule in self.dotted if f"{name}.".startswith(f"{rule}.")]
        return max(fitting, key=len, default=None)

    def rename(self, name: str) -> str:
        """Return the name in the twin; of a dotted name the longest sequence goes first."""
        rule = self.sequence(name)
        if rule is not None:
            return self.dotted[rule] + name[len(rule) :]
        return ".".join(self.names.get(part, part) for part in name.split("."))


@dataclass
class Settings:
    """What ``[tool.unasync-build]`` says."""

    roots: dict[str, str]
    table: Table
    source_line: str
    twin_line: str
    no_twin_modules: tuple[str, ...] = ASYNC_FRAMEWORKS
    no_twin_methods: tuple[str, ...] = ()

    @classmethod
    def load(cls, project: Path) -> Settings:
        """Read the settings of a project.

        Raises:
            RefusedError: There are none, or one is unknown or of the wrong type.
        """
        try:
            text = (project / "pyproject.toml").read_text(encoding="utf-8")
            found = tomllib.loads(text).get("tool", {}).get("unasync-build", {})
        except (OSError, ValueError, AttributeError) as error:
            raise RefusedError(f"pyproject.toml: is not as it should be: {error}.") from error
        problems = list(_unfit(found)) or list(_misplaced(project.resolve(), found["roots"]))
        if problems:
            lines = (f"pyproject.toml:{line_of(text, key)}: {what}" for key, what in problems)
            raise RefusedError("\n".join(lines))
        return cls(
            found["roots"],
            Table(found.get("names", {}), found.get("dotted", {})),
            found["source-line"],
            found["twin-line"],
            tuple(found.get("no-twin-modules", ASYNC_FRAMEWORKS)),
            tuple(found.get("no-twin-methods", ())),
        )


def line_of(text: str, key: str) -> int:
    """Return the line of ``pyproject.toml`` with that key of the settings, or of the settings."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if "[tool.unasync-build" in line), 0)
    quoted = re.compile(rf"""(^|[\s{{,"'])({re.escape(key)})["']?\s*=""")
    found = (n for n, line in enumerate(lines) if n >= start and quoted.search(line))
    return next(found, start) + 1


def unused(project: Path, table: Table) -> Iterator[str]:
    """Give a text for each rule of the table that no source has used."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    for name in (*table.names, *table.dotted):
        if name not in table.used:
            line = line_of(text, name)
            yield f"pyproject.toml:{line}: no source uses the rule for {name!r}: remove it."


def _unfit(found: Any) -> Iterator[tuple[str, str]]:
    """Give what is wrong with the settings, by their key."""
    if not isinstance(found, dict) or not found.get("roots"):
        yield "roots", "[tool.unasync-build] needs roots."
        return
    for name, value in found.items():
        if name in _TABLES:
            if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
                yield name, f"{name!r} must be a table of strings."
        elif name in _LISTS:
            if not isinstance(value, list) or not all(_fits(_LISTS[name], v) for v in value):
                yield name, f"{name!r} must be a list of names."
        elif name not in _LINES:
            yield name, f"[tool.unasync-build] has no {name!r}: remove it."
    yield from _unfit_lines(found)


def _unfit_lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _LINES:
        value = found.get(name)
        if not isinstance(value, str) or not value.startswith("#") or "\n" in value:
            yield name, f"{name!r} must be a comment of one line."
    if "{source}" not in str(found.get("twin-line")):
        yield "twin-line", "'twin-line' must name the {source}."


def _fits(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _misplaced(project: Path, roots: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give the trees in which generating would write over a source or remove what is not its own.

    A link counts as what it leads to: twins are not written through one.
    """
    trees = [(name, project / name) for name in (*roots, *roots.values())]
    for name, tree in trees:
        if tree.resolve() != tree or project not in tree.parents:
            yield name, f"the root {name!r} must be a folder inside the project, and no link."
        elif name in roots and not tree.is_dir():
            yield name, f"the root {name!r} is no folder: correct it."
    for (name, tree), (other_name, other) in itertools.combinations(trees, 2):
        if tree == other or tree in other.parents or other in tree.parents:
            yield name, f"the roots {name!r} and {other_name!r} overlap: keep them apart."
