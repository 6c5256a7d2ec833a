"""What the end of a line allows its twin, and that it allows nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.twins import edit_settings

if TYPE_CHECKING:
    from tests.support.twins import Project


def with_rules(project: Project) -> Project:
    rules = "aclose = 'close'\naget = 'get'\nAsyncIterable = 'Iterable'\nAsyncThing ="
    edit_settings("AsyncThing =", rules)(project)
    project.source("x.aclose(aget, AsyncIterable)\n", "rules.py")
    return project


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("x = 'await'  # twin: keep await", "x = 'await'  # twin: keep await"),
        ("x = 'await'  # or async  # twin: keep await async", None),
        ("# An await.  # twin: keep await", None),
        ('x = """\nawait\nasync\n"""  # twin: keep await async', None),
        ("x = (\n    'await'\n    'async'  # twin: keep await async\n)", None),
        ("x = '''await\n''' '''\nasync\n'''  # twin: keep await async", None),
        ("x = b'await'  # twin: keep await", None),
        ("x = f'await {y}'  # twin: keep await", None),
        ("x = {'aclose': 1}  # twin: keep aclose", None),
        ("x = 'AsyncThing'  # twin: keep AsyncThing", None),
        ("x = 'AsyncUsers | None'  # twin: keep AsyncUsers", None),
        ("x = 'AsyncThing.name'  # twin: keep AsyncThing", None),
        (
            "x = 'AsyncThing', AsyncThing  # twin: keep AsyncThing",
            "x = 'AsyncThing', Thing  # twin: keep AsyncThing",
        ),
        (
            "x = hasattr(y, 'aclose')  # twin: rename aclose",
            "x = hasattr(y, 'close')  # twin: rename aclose",
        ),
        (
            "x = 'AsyncThing, or aclose()'  # twin: rename AsyncThing aclose",
            "x = 'Thing, or close()'  # twin: rename AsyncThing aclose",
        ),
        (
            "x = '\\naclose', r'\\aclose', b'aclose'  # twin: rename aclose",
            "x = '\\nclose', r'\\close', b'aclose'  # twin: rename aclose",
        ),
        (
            "x = 'aclose', f'aclose {y}'  # twin: rename aclose",
            "x = 'close', f'aclose {y}'  # twin: rename aclose",
        ),
        (
            "x = y  # An AsyncThing.  # twin: rename AsyncThing",
            "x = y  # An Thing.  # twin: rename AsyncThing",
        ),
        (
            'def f():\n    """Use\n    an AsyncThing."""  # twin: rename AsyncThing',
            'def f():\n    """Use\n    an Thing."""  # twin: rename AsyncThing',
        ),
        (
            "x = (\n    'aclose'\n    ' aclose'  # twin: rename aclose\n)",
            "x = (\n    'close'\n    ' close'  # twin: rename aclose\n)",
        ),
        (
            "x = 'aclose', 'await'  # twin: rename aclose; keep await",
            "x = 'close', 'await'  # twin: rename aclose; keep await",
        ),
        (
            "x = 'aclose'  # noqa: X  # twin: rename aclose",
            "x = 'close'  # noqa: X  # twin: rename aclose",
        ),
    ],
)
def test_a_line_has_what_its_waiver_says(project: Project, text: str, twin: str | None) -> None:
    with_rules(project).source(f"{text}\n")
    assert project.run() == 0
    rendered = (project.twins / "other.py").read_text(encoding="utf-8").partition("\n")[2]
    assert rendered == f"{twin or text}\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x = 1  # twin: keep await", "there is no 'await' here to keep"),
        ("x = 'await'  # twin: keep await async", "there is no 'async' here to keep"),
        ("x = 'y'  # twin: keep y", "there is no 'y' here to keep"),
        ("x = 'to aclose'  # twin: keep aclose", "there is no 'aclose' here to keep"),
        ("x = 1  # twin: rename aclose", "there is no 'aclose' here to rename"),
        ("x.aclose()  # twin: rename aclose", "there is no 'aclose' here to rename"),
        ("x = 'y'  # twin: rename y", "there is no 'y' here to rename"),
        ("x = b'aclose'  # twin: rename aclose", "there is no 'aclose' here to rename"),
        ("x = 'xaclose'  # twin: rename aclose", "there is no 'aclose' here to rename"),
        ("x.aclose()  # twin: merge aclose", "there is no 'aclose' here to merge"),
        ("x = 'aclose'  # twin: keep close", "the string 'aclose' would be renamed"),
        ("x = 'AsyncOther'  # twin: rename AsyncOther", "would be renamed: avoid it"),
        ("x = 'aclose', 'aget'  # twin: keep aclose", "the string 'aget' would be renamed"),
        ("x = 'AsyncOther', AsyncOther  # twin: keep AsyncOther", "not in the table of names"),
        ("x = 'await', f'{AsyncThing}'  # twin: keep await", "f-string would change"),
        ("x = 'await', y.run_sync()  # twin: keep await", "run_sync has no twin"),
        ("x = 'await', aiter(y)  # twin: keep await aiter", "aiter is left in the twin"),
        ("import asyncio  # twin: keep asyncio", "asyncio has no twin"),
        ("x = 'await # twin: keep await'", "'await' is left in the twin"),
        ("x = 'aclose', '# twin: keep aclose'", "the string 'aclose' would be renamed"),
        ("x = 1  # It awaits.  # twin: keep await", "'awaits' is left in the twin"),
        ("x = 'await'  # twin: Keep await", "'twin: Keep await' is no waiver"),
        ("x = 'await'  # twin: keep", "'twin: keep' is no waiver"),
        ("x = 'await'  # twin: keep await,", "is no waiver"),
        ("x = 'await'  # twin: keep await;", "'twin: ' is no waiver"),
        ("x = 'await'  # twin: keep await await", "a waiver has 'await' already"),
        ("x = 'aclose'  # twin: keep aclose; rename aclose", "a waiver has 'aclose' already"),
    ],
)
def test_a_waiver_allows_nothing_else(
    project: Project, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    with_rules(project).source(f"{line}\n")
    assert project.run() == 1
    assert "src/_async/other.py:2: " in (message := capsys.readouterr().err)
    assert reason in message
    assert "another program" not in message


def test_a_waiver_in_a_docstring_is_none(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.source('"""It awaits.  # twin: keep awaits\n"""\n')
    assert project.run() == 1
    assert "other.py:2: 'awaits' is left in the twin" in capsys.readouterr().err


def test_a_waiver_covers_no_other_line(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.source("x = (\n    'await',  # twin: keep await\n    'await',\n)\n")
    assert project.run() == 1
    assert capsys.readouterr().err.startswith("src/_async/other.py:4: 'await' is left")
