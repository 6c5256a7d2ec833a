"""Everything async that is installed here goes through the generator, and nothing wrong comes out.

The files are taken as if they were sources with an empty table of names. Most are refused, for they
import asyncio or call something async; so the rules for what has no twin and for wording are left
out, and those are counted that break none of them. A twin that is rendered is held against its
source by a comparison that is not the generator's.
"""

from __future__ import annotations

import ast
import gc
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.twins.conversion import Conversion
from tools.twins.settings import Settings, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.twins.problems import Problem

SOURCE_LINE = "# A source."
TWIN_LINE = "# The twin of {source}."
PLACES = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
PARTS = 4
"""The files are gone through in parts, so that several workers can share them."""
ERASED = {"AsyncFunctionDef": "FunctionDef", "AsyncFor": "For", "AsyncWith": "With"}


def async_files(part: int) -> Iterator[Path]:
    for place in PLACES:
        for path in sorted(place.rglob("*.py"))[part::PARTS]:
            is_here = "site-packages" not in path.relative_to(place).parts
            if is_here and b"async def" in path.read_bytes():
                yield path


def shape(tree: ast.AST) -> list[tuple[str, int]]:
    """Return the nodes of a tree in order, and their lines, without those that async adds."""
    nodes: list[tuple[str, int]] = []
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Await):
            todo.append(node.value)
            continue
        name = type(node).__name__
        nodes.append((ERASED.get(name, name), getattr(node, "lineno", 0)))
        todo.extend(ast.iter_child_nodes(node))
    return nodes


class Lenient(Conversion):
    """Refuses only what would be rendered wrongly, and notes what else would be refused.

    Among that are now names that unasync changes of its own accord, which the comparison of the
    syntax trees has to see.
    """

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        super().__init__(path.name, Settings({}, Table(), SOURCE_LINE, TWIN_LINE), problems)
        self.waived: list[Problem] = []

    def refuse(self, line: int, message: str) -> None:
        if any(reason in message for reason in ("no twin", "is left", "table of", "is async")):
            self.waived.append((line, message))
        else:
            super().refuse(line, message)


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Let the garbage collector rest: it goes through every tree again and again, for nothing."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_rendered_is_the_same_program(part: int) -> None:
    rendered = strictly = 0
    for path in async_files(part):
        _, _, rest = path.read_bytes().partition(b"\n")
        source = SOURCE_LINE.encode() + b"\n" + rest
        problems: list[Problem] = []
        conversion = Lenient(path, problems)
        twin = conversion.convert(source)
        lines = source.count(b"\n") + 1
        found = (*problems, *conversion.waived)
        assert all(1 <= line <= lines and message for line, message in found), path
        if not problems:
            rendered += 1
            strictly += not conversion.waived
            assert twin.count(b"\n") == source.count(b"\n"), path
            assert shape(ast.parse(twin)) == shape(ast.parse(source)), path
    assert rendered >= 150 // PARTS
    assert strictly >= 10 // PARTS


@pytest.mark.parametrize(
    "body",
    [
        "async def f(x):\n    return await x\n",
        "async def f(x):\n    async with x as y, y:\n        return [z async for z in y]\n",
        "async def f(x):\n    async for y in x:\n        pass\n    else:\n        await x()\n",
        "class C:\n    async def f(self, *, x=1):\n        return (await self.g(x)).y\n",
        "async def f(x):\n    return await x if await x else (await x)[await x]\n",
        "async def f(x):\n    lambda: (yield)\n    return {await x: await x, **await x}\n",
    ],
)
def test_each_construct_is_rendered(body: str) -> None:
    problems: list[Problem] = []
    settings = Settings({}, Table(), SOURCE_LINE, TWIN_LINE)
    source = f"{SOURCE_LINE}\n{body}"
    twin = Conversion("source.py", settings, problems).convert(source.encode()).decode()
    assert problems == []
    assert shape(ast.parse(twin)) == shape(ast.parse(source))
    compile(twin, "twin.py", "exec")
