"""Names that would become one: allowed by a waiver, unless one of them would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.twins import edit_settings

if TYPE_CHECKING:
    from tests.support.twins import Project


@pytest.fixture
def merging(project: Project) -> Project:
    """The project with more rules, all of which are used."""
    rules = "aget = 'get'\nfetch = 'get'\nAsyncIterable = 'Iterable'\nAsyncThing ="
    edit_settings("AsyncThing =", rules)(project)
    for number, name in enumerate(("aget", "fetch", "AsyncIterable")):
        project.source(f"x = {name}\n", f"rule{number}.py")
    return project


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x = aget, fetch", "aget and fetch would be one name"),
        ("x = y.aget, y.get", "aget and get would be one name"),
        ("x = aget, fetch  # twin: merge aget", "fetch and aget would be one name"),
        ("x = y.aget, y.get  # twin: merge get", "aget and get would be one name"),
        ("x = aget, f'{get}'", "aget and get would be one name"),
    ],
)
def test_names_that_would_be_one_are_refused(
    merging: Project, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    merging.source(f"{line}\n")
    assert merging.run() == 1
    assert f"src/_async/other.py:2: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        (
            "x = typing.AsyncIterable  # twin: merge AsyncIterable\ny = typing.Iterable",
            "x = typing.Iterable  # twin: merge AsyncIterable\ny = typing.Iterable",
        ),
        (
            "x: AsyncIterable\ny: AsyncIterable  # twin: merge AsyncIterable\nz: Iterable",
            "x: Iterable\ny: Iterable  # twin: merge AsyncIterable\nz: Iterable",
        ),
        (
            "from typing import AsyncIterable, Iterable  # twin: merge AsyncIterable",
            "from typing import Iterable, Iterable  # twin: merge AsyncIterable",
        ),
        ("x = aget, fetch, get  # twin: merge aget fetch", "x = get, get, get"),
        ("async def aget(y): return y.get  # twin: merge aget", "def get(y): return y.get"),
    ],
)
def test_names_that_are_rightly_one_need_a_waiver_once(
    merging: Project, text: str, twin: str
) -> None:
    merging.source(f"{text}\n")
    assert merging.run() == 0
    rendered = (merging.twins / "other.py").read_text(encoding="utf-8").partition("\n")[2]
    assert rendered.startswith(twin)


@pytest.mark.parametrize(
    "text",
    [
        "def aget(): ...  # twin: merge aget\ndef get(): ...",
        "class C:\n    def aget(self): ...  # twin: merge aget\n    def get(self): ...",
        "class C:\n    def aget(self): ...  # twin: merge aget\n    get = 1",
        "def f(aget, get): ...  # twin: merge aget",
        "def f():\n    aget = 1  # twin: merge aget\n    return get",
        "def f():\n    aget = 1  # twin: merge aget\n    def g():\n        return get",
        "def f(get):\n    return aget  # twin: merge aget",
        "from a import aget  # twin: merge aget\nfrom b import get",
        "from a import aget  # twin: merge aget\nfrom .a import get",
        "from a import aget  # twin: merge aget\nfrom a import x as get",
        "import aget  # twin: merge aget\nfrom aget import get",
        "from a import aget  # twin: merge aget\nget = 1",
        "import aget  # twin: merge aget\nfor get in x: ...",
    ],
)
def test_no_waiver_allows_that_one_of_two_is_lost(
    merging: Project, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    merging.source(f"{text}\n")
    assert merging.run() == 1
    assert "aget and get would be one name" in capsys.readouterr().err


def test_two_arguments_of_one_name_are_refused_in_spite_of_a_waiver(
    merging: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    merging.source("x = f(aget=1, get=2)  # twin: merge aget\n")
    assert merging.run() == 1
    assert "other.py:2: the twin is no Python" in capsys.readouterr().err


def test_a_second_waiver_for_a_name_is_refused(
    merging: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    merging.source("x = y.aget, get  # twin: merge aget\nx = y.aget  # twin: merge aget\n")
    assert merging.run() == 1
    assert "other.py:3: a waiver has 'aget' already" in capsys.readouterr().err
