"""The README's snippets run, and its application keeps a session."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_readme_has_snippets() -> None:
    assert len(SNIPPETS) == 4


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.splitlines()[0])
def test_a_snippet_runs(snippet: str, tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(snippet, encoding="utf-8")
    subprocess.run([sys.executable, file], cwd=tmp_path, check=True, timeout=60)


VISITS = """
from litestar.testing import TestClient

with TestClient(app) as client:
    print([client.get("/").text for _ in range(3)])
with TestClient(app) as stranger:
    print([stranger.get("/").text])
"""


def test_the_application_counts_visits(tmp_path: Path) -> None:
    # In a process of its own: its table has the name of one that the tests have.
    file = tmp_path / "app.py"
    file.write_text(SNIPPETS[0] + VISITS, encoding="utf-8")
    output = subprocess.check_output([sys.executable, file], cwd=tmp_path, text=True, timeout=60)
    first, second, third = (f"You have been here {count} times." for count in (1, 2, 3))
    assert output.splitlines() == [str([first, second, third]), str([first])]


def test_the_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test"} <= commands
    assert all(f"\n{command}:" in makefile for command in commands)


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (ROOT / target).exists(), target
