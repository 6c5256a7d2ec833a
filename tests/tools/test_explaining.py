"""A source and its twin, side by side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.support.twins import Project


def test_an_explanation_shows_both_sides_and_the_rules(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for name in ("src/_async/module.py", "src/_sync/module.py"):
        assert project.run("--explain", name) == 0
        lines = [re.sub(" +", " ", line.strip()) for line in capsys.readouterr().out.splitlines()]
        assert lines[0] == "src/_async/module.py src/_sync/module.py"
        assert (
            "4 from package.aio import AsyncThing | from package import Thing "
            "[AsyncThing -> Thing, package.aio -> package]"
        ) in lines
        assert "10 # Keep what it says. # Keep what it says." in lines
        assert any(line.endswith("[async erased]") for line in lines)
    assert project.run("--explain", "elsewhere.py") == 1
    assert "neither a source nor a twin" in capsys.readouterr().err
