"""Names that would become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.twins import SETTINGS

if TYPE_CHECKING:
    import pytest

    from tests.support.twins import Project


def test_two_names_of_the_table_that_would_be_one_are_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SETTINGS.replace("AsyncThing =", "aget = 'get'\nfetch = 'get'\nAsyncThing =")
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    project.source("x = aget, fetch\n")
    assert project.run() == 1
    assert "src/_async/other.py:2: aget and fetch would be one name" in capsys.readouterr().err
