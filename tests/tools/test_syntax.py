"""What is exported, and what may be called without await, is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.twins import Project


def test_what_may_be_called_without_await_is_rendered(project: Project) -> None:
    project.source(
        "async def f(): ...\n"
        "async def items():\n    yield 1\n"
        "class C:\n    async def f(self): ...\n    async def g(self, other):\n"
        "        other.f(f, self.f)\n        return [x async for x in items()], await self.f()\n",
    )
    assert project.run() == 0


@pytest.mark.parametrize(
    "text",
    [
        "__all__ = ['AsyncThing']\n",
        "__all__: list[str] = ['AsyncThing']\n",
        "__all__ += ['AsyncThing']\n",
        "__all__ = [*others, 'AsyncThing'] + ['AsyncThing', 'use']\n",
    ],
)
def test_what_is_exported_is_renamed(project: Project, text: str) -> None:
    project.source(text)
    assert project.run() == 0
    twin = (project.twins / "other.py").read_text(encoding="utf-8")
    assert twin.partition("\n")[2] == text.replace("AsyncThing", "Thing")


def test_half_a_name_is_not_taken_for_what_is_exported(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.source("__all__ = ['AsyncThing' 's']\n")
    assert project.run() == 1
    assert "other.py:2: the string 'AsyncThing' would be renamed" in capsys.readouterr().err
