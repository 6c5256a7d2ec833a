"""Every snippet of README and docs runs, and the README's application keeps a session."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.programs import output_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def snippets(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_snippets(page: Path) -> None:
    assert snippets(page)


@pytest.mark.parametrize(
    ("page", "number"),
    [
        pytest.param(page, number, id=f"{page.name}-{number}")
        for page in PAGES
        for number in range(1, len(snippets(page)) + 1)
    ],
)
def test_a_snippet_runs(page: Path, number: int, tmp_path: Path) -> None:
    *former, snippet = snippets(page)[:number]
    for each in former:  # some begin with the name of a file, which later ones import
        if name := re.match(r"# (\w+\.py)\n", each):
            (tmp_path / name[1]).write_text(each, encoding="utf-8")
    file = tmp_path / "snippet.py"
    file.write_text(snippet, encoding="utf-8")
    output_of(str(file), folder=tmp_path)


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
    file.write_text(snippets(PAGES[0])[0] + VISITS, encoding="utf-8")
    output = output_of(str(file), folder=tmp_path)
    first, second, third = (f"You have been here {count} times." for count in (1, 2, 3))
    assert output.splitlines() == [str([first, second, third]), str([first])]


def test_the_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test"} <= commands
    assert all(f"\n{command}:" in makefile for command in commands)


def test_the_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)]*)\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), target
