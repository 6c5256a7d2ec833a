"""The page on production lists everything that is logged."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEVELS = {"note": "info", "warn": "warning", "fail": "error"}


def logged() -> set[tuple[str, str]]:
    """Return each event that is logged in the source, and its level."""
    events = {("shared", "debug")}
    for path in (ROOT / "src").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                level = LEVELS.get(call.func.id)
                if level:
                    assert isinstance(call.args[0], ast.Constant), f"a variable in {path}"
                    events.add((str(call.args[0].value), level))
    return events


def test_every_event_that_is_logged_is_in_the_table_with_its_level() -> None:
    page = (ROOT / "docs" / "production.md").read_text()
    table = re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.MULTILINE)
    assert len(table) == len(set(table))
    assert set(table) == logged()
