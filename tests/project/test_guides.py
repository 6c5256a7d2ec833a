"""What the pages for operators and testers say is so."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from litestar import Request, post
from litestar.testing import TestClient

from litestar_sessions import SessionPlugin
from tests.support.apps import app_with
from tests.support.models import UserSession
from tests.support.programs import output_of
from tests.support.site import open_site

if TYPE_CHECKING:
    from tests.support.clock import Clock

ROOT = Path(__file__).parents[2]
OLD, NEW = ("of the old secret 32 bytes or more", "of the new secret 32 bytes or more")


def snippets(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def lines_of(page: str, sign: str, program: str, folder: Path) -> list[str]:
    """Run the snippet of a page that has the sign in it, and then the program."""
    (snippet,) = [each for each in snippets(page) if sign in each]
    file = folder / "snippet.py"
    text = f"{snippet}\nfrom litestar.testing import TestClient\nwith {program}"
    file.write_text(text, encoding="utf-8")
    return output_of(str(file), folder=folder).splitlines()


def test_session_auth_and_the_plugin_work_together(tmp_path: Path) -> None:
    program = """TestClient(app) as client:
    print(client.get("/").status_code, client.post("/sign-in").status_code)
    print(client.get("/").text)
"""
    lines = lines_of("production.md", "SessionAuth", program, tmp_path)
    assert lines[-2:] == ["401 201", "Hello Ann"]


def test_a_route_for_all_other_paths_gives_a_404_its_session(tmp_path: Path) -> None:
    program = """TestClient(app, session_config=app.plugins.get("SessionPlugin").config) as client:
    client.set_session_data({"user": "Ann"})
    print(client.get("/no/such").text)
    print(client.post("/no/such").status_code)
"""
    lines = lines_of("production.md", "nothing_here", program, tmp_path)
    assert lines[-2:] == ["There is no such page, Ann.", "405"]


def test_a_column_of_the_application_signs_a_user_out_everywhere(tmp_path: Path) -> None:
    program = """TestClient(app) as one, TestClient(app) as other, TestClient(app) as bob:
    for client, user in ((one, "Ann"), (other, "Ann"), (bob, "Bob")):
        print(client.post("/sign-in", params={"user": user}).status_code)
    print(one.post("/sign-out-everywhere").status_code)
    print(other.post("/sign-out-everywhere").status_code)
    print(bob.post("/sign-out-everywhere").status_code)
"""
    lines = lines_of("engines.md", "user_id", program, tmp_path)
    assert lines[-6:] == ["201", "201", "201", "201", "500", "201"]


class Fruit(Enum):
    APPLE = "apple"


class Struct(msgspec.Struct):
    fruit: str


@dataclass
class Basket:
    fruit: str


MOMENT = datetime(2030, 1, 1, tzinfo=timezone.utc)
COMES_BACK: list[tuple[Any, Any]] = [
    (["a", 1, 1.5, True, None, {"a": "b"}], ["a", 1, 1.5, True, None, {"a": "b"}]),
    ({1: "a"}, {"1": "a"}),
    ((1, 2), [1, 2]),
    ({1}, [1]),
    (MOMENT, "2030-01-01T00:00:00Z"),
    (date(2030, 1, 1), "2030-01-01"),
    (UUID(int=1), str(UUID(int=1))),
    (Decimal("1.10"), "1.10"),
    (PurePosixPath("a/b"), "a/b"),
    (Fruit.APPLE, "apple"),
    (Basket("pear"), {"fruit": "pear"}),
    (Struct("pear"), {"fruit": "pear"}),
    (b"x", "eA=="),
    (math.nan, None),
    (math.inf, None),
]


def test_values_come_back_as_the_page_says() -> None:
    values: dict[str, Any] = {str(number): value for number, (value, _) in enumerate(COMES_BACK)}

    @post("/put")
    async def put(request: Request[Any, Any, Any]) -> None:
        request.session.update(values)

    sessions = SessionPlugin("sqlite://", model=UserSession)
    with TestClient(app_with(sessions, handlers=[put])) as client:
        client.post("/put")
        assert list(client.get("/").json().values()) == [back for _, back in COMES_BACK]


PLAIN: dict[str, Any] = {"hash_session_ids": False}
STEPS: dict[str, list[dict[str, Any]]] = {
    "another secret": [
        {"session_id_keys": [OLD]},
        {"session_id_keys": [OLD, NEW]},
        {"session_id_keys": [NEW, OLD]},
        {"session_id_keys": [NEW]},
    ],
    "another data key": [
        {"data_keys": [OLD]},
        {"data_keys": [OLD, NEW]},
        {"data_keys": [NEW, OLD]},
        {"data_keys": [NEW]},
    ],
    "digests": [PLAIN, {**PLAIN, "take_over": "sha256"}, {"take_over": "plain"}, {}],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=list(STEPS))
async def test_nobody_is_signed_out_while_processes_are_replaced_in_two_steps(
    tmp_path: Path, clock: Clock, steps: list[dict[str, Any]]
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    arguments: dict[str, Any] = {"is_async": True, "clock": clock, "empty": False}
    session_id = None
    for before, after in pairwise(steps):
        async with (
            open_site(url, **arguments, **before) as old,
            open_site(url, **arguments, **after) as new,
        ):
            for number, site in enumerate((old, new, old, new, new, old)):
                async with site.visitor(session_id) as visitor:
                    if session_id is not None:
                        assert (await visitor.get("/")).json()["user"] == "Ann"
                    await visitor.post("/set", json={"user": "Ann", "visits": number})
                    session_id = visitor.cookies["session"]
            assert await new.rows() == 1
            async with new.visitor(session_id) as visitor:
                await visitor.post("/set", json={"step": 1})  # the last process of before has gone


def test_every_event_that_is_logged_is_on_the_page() -> None:
    logged: set[str] = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"warn", "fail"}:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    logged.add(str(first.value))
    text = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \| (?:warning|error) \|", text, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} >= logged
    assert len(logged) > 8
