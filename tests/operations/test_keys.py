"""``litestar sessions keys``: which secrets sessions need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from litestar_sessions._sql.keys import keyed
from tests.operations.test_checking import SAFE, problems
from tests.operations.test_commands import answer_of, fill, invoke, plugin_on
from tests.support.apps import app_with

if TYPE_CHECKING:
    from pathlib import Path

    from litestar_sessions import SessionPlugin
    from tests.support.databases import Database

OLD, NEW = "first" * 8, "second" * 8


def uses(plugin: SessionPlugin, code: int = 0) -> list[tuple[Any, ...]]:
    answer = answer_of(app_with(plugin), "keys", code=code)
    return [tuple(use.values()) for use in answer["keys"]]


def name_of(plugin: SessionPlugin) -> str:
    """Return what the first of the data keys is called."""
    assert plugin.config.seals is not None
    return plugin.config.seals.key_ids[0].hex()


def test_a_new_secret_is_one_that_is_taken(tmp_path: Path) -> None:
    lone = plugin_on(f"sqlite:///{tmp_path}/s.db", is_async=False)
    first, second = (answer_of(app_with(lone), "keys", "--new")["secret"] for _ in range(2))
    assert first != second
    shown = invoke(app_with(lone), "keys", "--new").stdout.strip()
    plugin_on("sqlite://", is_async=False, data_keys=[first], session_id_keys=[second, shown])


def test_sessions_are_counted_under_each_secret(any_database: tuple[bool, Database]) -> None:
    is_async, database = any_database
    before = plugin_on(database.url, is_async=is_async)
    fill(before, live=3, expired=1)
    assert uses(before) == [
        ("session IDs", "sha256", "current", 3),
        ("data", "unencrypted", "current", 3),
    ]
    settings: dict[str, Any] = {"session_id_keys": [OLD], "data_keys": [OLD]}
    secret = plugin_on(database.url, is_async=is_async, **settings)
    spelled, name = keyed(OLD).prefix[:-1], name_of(secret)
    assert uses(secret, code=1) == [
        ("session IDs", spelled, "current", 0),
        ("session IDs", "sha256", "unknown", 3),
        ("data", name, "current", 0),
        ("data", "unencrypted", "unknown", 3),
    ]
    fill(secret, live=2)
    assert uses(secret) == [
        ("session IDs", spelled, "current", 2),
        ("data", name, "current", 2),
    ]
    settings = {"session_id_keys": [NEW, OLD], "data_keys": [NEW, OLD], "read_unencrypted": True}
    both = plugin_on(database.url, is_async=is_async, **settings)
    assert uses(both) == [
        ("session IDs", keyed(NEW).prefix[:-1], "current", 0),
        ("session IDs", spelled, "read too", 2),
        ("data", name_of(both), "current", 0),
        ("data", name, "read too", 2),
        ("data", "unencrypted", "read too", 0),
    ]


def test_nothing_secret_is_shown(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    plugin = plugin_on(url, is_async=False, session_id_keys=[OLD], data_keys=[OLD])
    fill(plugin, live=2)
    app = app_with(plugin)
    shown = invoke(app, "keys").stdout + json.dumps(answer_of(app, "keys"))
    assert "current" in shown
    assert OLD not in shown
    assert "live-" not in shown


def test_check_looks_at_data_also_where_ids_are_not_hashed(tmp_path: Path) -> None:
    url, plain = f"sqlite:///{tmp_path}/s.db", {"hash_session_ids": False}
    fill(plugin_on(url, is_async=False, **plain), live=2)
    found = problems(plugin_on(url, is_async=False, **SAFE, **plain, data_keys=[OLD]))
    of_ids, of_data = found.values()
    assert of_ids == "hash_session_ids=True"
    assert "read_unencrypted=True" in of_data


@pytest.mark.parametrize(
    ("before", "after", "what", "remedy"),
    [
        ({}, {"session_id_keys": [OLD]}, "IDs that are not found", "take_over='sha256'"),
        ({"session_id_keys": [OLD]}, {}, "IDs that are not found", "in session_id_keys="),
        ({"data_keys": [OLD]}, {}, "data that cannot be read", "in data_keys="),
        ({"data_keys": [OLD]}, {"data_keys": [NEW]}, "data that cannot be read", "in data_keys="),
        ({}, {"data_keys": [OLD]}, "data that cannot be read", "read_unencrypted=True"),
        (
            {"data_keys": [OLD]},
            {"data_keys": [OLD], "read_unencrypted": True},
            "every session is encrypted",
            "Leave out read_unencrypted=.",
        ),
        (
            {"session_id_keys": [OLD]},
            {"session_id_keys": [OLD], "take_over": "hmac-sha256"},
            "nothing left to take over",
            "Leave out take_over=.",
        ),
    ],
)
def test_check_says_what_is_to_be_done(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], what: str, remedy: str
) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    fill(plugin_on(url, is_async=False, **before), live=2)
    ((found, mended),) = problems(plugin_on(url, is_async=False, **SAFE, **after)).items()
    assert what in found
    assert remedy in mended
