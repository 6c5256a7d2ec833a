"""What may be called without await is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
