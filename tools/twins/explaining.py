"""A source beside its twin, with the rules between both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.twins.problems import RefusedError
from tools.twins.rendering import render, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.twins.settings import Settings


def explain(project: Path, settings: Settings, name: str) -> Iterator[str]:
    """Give the lines of a source, or of a twin, beside each other, with the rule for each change.

    Raises:
        RefusedError: The file is neither, or it cannot be converted.
    """
    for path, twin in sources(project, settings):
        source = path.relative_to(project).as_posix()
        if name in {source, twin}:
            before = path.read_text(encoding="utf-8").split("\n")
            after = render(project, settings)[twin].decode().split("\n")
            yield from _beside([source, *before], [twin, *after], settings)
            return
    raise RefusedError(f"{name}: is neither a source nor a twin: see roots in pyproject.toml.")


def _beside(before: list[str], after: list[str], settings: Settings) -> Iterator[str]:
    """Give lines beside each other; the first are the names of the files."""
    width = max(map(len, before[1:]))
    yield f"     {before[0]:{width}}   {after[0]}"
    for number, (old, new) in enumerate(zip(before[1:], after[1:], strict=True), 1):
        rules = "" if old == new else f"   [{_rules(old, settings) if number > 1 else 'twin-line'}]"
        yield f"{number:4} {old:{width}} {'|' if rules else ' '} {new}{rules}".rstrip()


def _rules(line: str, settings: Settings) -> str:
    """Return the rules that apply to a line of a source."""
    rules = {**settings.table.names, **settings.table.dotted}
    found = [f"{word} erased" for word in ("async", "await") if re.search(rf"\b{word}\b", line)]
    found += [f"{a} -> {b}" for a, b in rules.items() if re.search(rf"\b{re.escape(a)}\b", line)]
    return ", ".join(found)
