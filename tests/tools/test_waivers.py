"""What a project may decide for itself: what has no twin, and what the end of a line allows."""

from __future__ import annotations

import pytest

from tools.twins.conversion import Conversion
from tools.twins.settings import Settings, Table

HEAD = "# A source."
NAMES = {"AsyncIterable": "Iterable", "aclose": "close", "AsyncThing": "Thing"}
DOTTED = {"_backends.auto": "_backends.sync", "package.aio": "package"}


def converted(text: str, **settings: tuple[str, ...]) -> tuple[str, list[str]]:
    """Return the twin without its first line, and what was refused."""
    problems: list[tuple[int, str]] = []
    every = Settings({}, Table(NAMES, DOTTED), HEAD, "# Of {source}.", **settings)
    twin = Conversion("source.py", every, problems).convert(f"{HEAD}\n{text}\n".encode())
    return twin.decode().partition("\n")[2].rstrip("\n"), [message for _, message in problems]


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("from .._backends.auto import x", "from .._backends.sync import x"),
        ("from ._backends.auto.deep import x", "from ._backends.sync.deep import x"),
        ("from ...package.aio import x", "from ...package import x"),
        ("x = y.package.aio", "x = y.package.aio"),
        ('x = hasattr(y, "aclose")  # twin: rename aclose', 'x = hasattr(y, "close")'),
        ('x = hasattr(y, "aclose")  # twin: keep aclose', 'x = hasattr(y, "aclose")'),
        ("x = 'say await'  # twin: keep await", "x = 'say await'"),
        (
            "from typing import AsyncIterable, Iterable  # twin: merge AsyncIterable",
            "from typing import Iterable, Iterable",
        ),
    ],
)
def test_what_a_project_says_is_rendered(text: str, twin: str) -> None:
    found, problems = converted(text)
    assert problems == []
    assert found.partition("  # twin:")[0] == twin


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('x = hasattr(y, "aclose")', "would be renamed"),
        ("x = AsyncIterable, Iterable", "would be one name"),
        ("x = 1  # twin: keep await", "remove it from the waiver"),
        ("x = 1  # twin: rename aclose", "remove it from the waiver"),
        ("x = 1  # twin: merge AsyncIterable", "remove it from the waiver"),
        ("x = 'aclose'  # twin: rename await", "would be renamed"),
        ("x = 'say await'  # twin: keep coroutine", "'await' is left"),
        ("x = 1  # twin: forget await", "is no waiver"),
        ("x = 'say await  # twin: keep await'", "'await' is left"),
        ("x = 'aclose'  # twin: keep aclose\ny = 'aclose'", "would be renamed"),
        ("def f(AsyncThing, Thing): ...  # twin: merge AsyncThing", "would be one name"),
        ("AsyncThing = 1; Thing = 2  # twin: merge AsyncThing", "would be one name"),
        ("x = AsyncOther()  # twin: keep AsyncOther", "not in the table"),
    ],
)
def test_a_waiver_allows_what_it_names_and_nothing_else(text: str, reason: str) -> None:
    _, problems = converted(text)
    assert any(reason in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("text", "settings", "reason"),
    [
        ("import anyio", {}, "anyio has no twin"),
        ("from trio import sleep", {}, "trio has no twin"),
        ("import time", {"no_twin_modules": ("time",)}, "time has no twin"),
        ("from os import path", {"no_twin_modules": ("os.path",)}, "os.path has no twin"),
        ("x.stream_all()", {"no_twin_methods": ("stream*",)}, "stream_all has no twin"),
        ("x.run_sync()", {"no_twin_methods": ("run_sync",)}, "run_sync has no twin"),
    ],
)
def test_what_has_no_twin_is_for_the_project_to_say(
    text: str, settings: dict[str, tuple[str, ...]], reason: str
) -> None:
    _, problems = converted(text, **settings)
    assert [reason in problem for problem in problems] == [True]


@pytest.mark.parametrize("text", ["import time", "x.stream_all()", "x.run_sync()", "import timely"])
def test_what_no_setting_names_has_a_twin(text: str) -> None:
    assert converted(text) == (text, [])
