"""What has no right twin is refused, with its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.twins import edit_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.twins import Project


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x = AsyncOther()", "AsyncOther is not in the table"),
        ("x = AsyncThing, Thing", "would be one name"),
        ("x = await(y)", "must be followed by one space"),
        ("x = await  y", "must be followed by one space"),
        ("x = await\\\n    y", "must be followed by one space"),
        ("x = await \\\n    y", "must be followed by one space"),
        ("x = (await # here\n    y)", "must be followed by one space"),
        ("x = (await \n    y)", "must be followed by one space"),
        ("x = AsyncThing, f'{Thing}'", "would be one name"),
        ("x = 'AsyncThing'", "would be renamed"),
        ("x = 'AsyncUsers | None'", "would be renamed"),
        ("x = {'AsyncThing': 1}", "would be renamed"),
        ("x = f'{AsyncThing}'", "f-string would change"),
        ("x = f'{await y}'", "f-string would change"),
        ("x = f'{y:{AsyncThing}}'", "f-string would change"),
        ("x = f'{package.aio.z}'", "f-string would change"),
        ("x = f'{y.aclose()}'", "f-string would change"),
        ("x = f\"{y['AsyncThing']}\"", "f-string would change"),
        ("x = aiter(y)", "aiter is left in the twin"),
        ("x = y.__aexit__", "__aexit__ is left in the twin"),
        ("x = anext(y)", "anext is left in the twin"),
        ("x: Awaitable[int]", "'Awaitable' is left in the twin"),
        ("x = mark.asyncio", "'asyncio' is left in the twin"),
        ("x = 'https://example.com/async/'", "'async' is left in the twin"),
        ("x = package.aio_async", "'aio_async' is left in the twin"),
        ("x = AsyncMock()", "AsyncMock is not in the table"),
        ("return await'x'", "must be followed by one space"),
        ("x = an_async_name", "'an_async_name' is left in the twin"),
        ("x = 1  # awaits", "'awaits' is left in the twin"),
        ("x = 'a coroutine'", "'coroutine' is left in the twin"),
        ("x = 1  # awaits  # twin: keep await", "'awaits' is left in the twin"),
        ("x = 1  # twin: keep await", "remove it from the waiver"),
        ("x = y.stream_results(z)", "stream_results has no twin"),
        ("raise StopAsyncIteration", "an error in a generator"),
        ("raise StopAsyncIteration(y) from None", "an error in a generator"),
        ("x = f(y, z)", "f is async and is not awaited"),
        ("x = y.run_sync(z)", "run_sync has no twin"),
        ("x = y.get_raw_connection()", "get_raw_connection has no twin"),
        ("import asyncio", "asyncio has no twin"),
        ("from anyio.abc import Lock", "anyio.abc has no twin"),
        ("import os, threading", "threading has no twin"),
        ("from time import sleep", "time has no twin"),
        ("x = (", "this is no Python"),
    ],
)
def test_what_has_no_right_twin_is_refused_with_its_line(
    project: Project, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    before = project.snapshot()
    indented = line.replace("\n", "\n    ")
    project.source(f'"""A module."""\n\n\nasync def f(y, z):\n    {indented}\n')
    assert project.run() == 1
    message = capsys.readouterr().err
    assert "src/_async/other.py:6: " in message
    assert reason in message
    after = project.snapshot()
    del after[project.root / "src/_async/other.py"]
    assert after == before


@pytest.mark.parametrize(
    "text",
    [
        "from .time import x\n",
        "x = '\ufffd'\n",
        "def f() -> None:\n    global AsyncThing\n    AsyncThing = 1\n",
    ],
)
def test_what_only_looks_wrong_is_rendered(project: Project, text: str) -> None:
    project.source(text)
    assert project.run() == 0
    twin = (project.twins / "other.py").read_text(encoding="utf-8")
    assert twin.partition("\n")[2] == text.replace("AsyncThing", "Thing")


BREAKING: dict[str, Callable[[Project], None]] = {
    "a rule that nothing uses": edit_settings(
        "AsyncThing =", "AsyncNobody = 'Nobody'\nAsyncThing ="
    ),
    "a rule deleted": edit_settings("AsyncThing = ", "# "),
    "a rule for two names that become one": edit_settings(
        "AsyncThing =", "use = 'Thing'\nAsyncThing ="
    ),
    "an unknown setting": edit_settings("roots =", "rules = 1\nroots ="),
    "a source with a syntax error": lambda project: project.source("x = (\n"),
    "a source that is a link": lambda project: (
        project.root / "src" / "_async" / "link.py"
    ).symlink_to("module.py"),
    "a word that is not true of both": lambda project: project.source("# It awaits.\n"),
    "data that would be renamed": lambda project: project.source("x = {'AsyncThing': 1}\n"),
}


@pytest.mark.parametrize("breaking", BREAKING)
def test_the_check_sees_what_breaks_a_source_or_the_table(
    project: Project, capsys: pytest.CaptureFixture[str], breaking: str
) -> None:
    BREAKING[breaking](project)
    before = project.snapshot()
    assert project.run("--check") == 1
    assert project.snapshot() == before
    assert re.search(r"(src/_async/\w+\.py|pyproject\.toml):\d+: ", capsys.readouterr().err)
