"""How session IDs are spelled in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litestar_sessions._sql.keys import StoredKey, keyed, plain
from tests.support.examples import SESSION_IDS
from tests.support.site import MAX_AGE, open_site

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.databases import Database


def test_an_id_that_every_column_holds_is_kept_as_it_is() -> None:
    assert plain("4f1c" * 16) == "4f1c" * 16
    assert plain("x" * 255) == "x" * 255


def test_the_examples_have_keys_of_their_own() -> None:
    assert len({plain(session_id) for session_id in SESSION_IDS}) == len(SESSION_IDS)


@given(st.text(st.characters(), max_size=5_000) | st.text(st.characters(codec="ascii")))
def test_every_key_fits_its_column_and_has_no_key_but_its_own(session_id: str) -> None:
    key = plain(session_id)
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert key == session_id or plain(key) != key


OLD, NEW = "an old secret " * 4, b"a new secret " * 4


async def test_the_table_holds_digests_which_are_no_ids(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "sha256:"),
        ({"session_id_keys": [NEW]}, "hmac-sha256:"),
    ]
    for settings, prefix in cases:
        async with open_site(database.url, is_async=is_async, clock=clock, **settings) as site:
            async with site.visitor() as client:
                await client.post("/set", json={"user": "Ann"})
                session_id = client.cookies["session"]
                assert (await client.get("/")).json() == {"user": "Ann"}
            [key] = await site.keys()
            assert key.startswith(prefix)
            assert session_id not in key
            for stolen in (key, key.removeprefix(prefix)):
                async with site.visitor(stolen) as thief:
                    assert (await thief.get("/")).json() == {}


async def test_keyed_digests_that_do_not_name_their_secret_are_found_where_that_is_wanted(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    settings: dict[str, Any] = {"session_id_keys": [NEW, OLD], "take_over": "hmac-sha256"}
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock}
    async with open_site(database.url, **arguments, **settings) as site:
        unnamed = StoredKey(keyed(OLD).unnamed()("a" * 64))
        await site.backend.storage.create(unnamed, b'{"user":"Ann"}', clock.after(minutes=1))
        async with site.visitor("a" * 64) as client:
            assert (await client.get("/")).json() == {"user": "Ann"}
            await client.post("/set", json={"cart": 1})
        assert await site.keys() == [keyed(NEW)("a" * 64)]


def test_secrets_have_names_of_their_own_that_stay() -> None:
    assert keyed(OLD).prefix != keyed(NEW).prefix
    assert keyed("k" * 32).prefix == keyed(b"k" * 32).prefix == "hmac-sha256:4f6c90bd:"
    assert keyed(OLD)("") != keyed(OLD).unnamed()("")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"hash_session_ids": False}, {"take_over": "plain"}),
        ({}, {"session_id_keys": [NEW], "take_over": "sha256"}),
        ({"session_id_keys": [OLD]}, {"session_id_keys": [NEW, OLD]}),
        ({}, {"hash_session_ids": False, "take_over": "sha256"}),
    ],
)
async def test_a_new_spelling_of_ids_signs_nobody_out(
    any_database: tuple[bool, Database],
    clock: Clock,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    is_async, database = any_database
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock}
    async with open_site(database.url, **arguments, **before) as old:
        visitors = [old.visitor() for _ in range(5)]
        for number, client in enumerate(visitors):
            await client.post("/set", json={"number": number})
        ids = [client.cookies["session"] for client in visitors]
        old_keys = set(await old.keys())
        async with open_site(database.url, empty=False, **arguments, **after) as new:
            reader, writer, renewer, rotator, leaver = map(new.visitor, ids)
            assert (await reader.get("/")).json() == {"number": 0}
            await writer.post("/set", json={"changed": True})
            assert (await writer.get("/")).json() == {"number": 1, "changed": True}
            await rotator.post("/rotate", json={})
            assert (await rotator.get("/")).json() == {"number": 3}
            await leaver.post("/clear")
            assert (await leaver.get("/")).json() == {}
            clock.advance(seconds=MAX_AGE / 2)
            assert (await renewer.get("/")).json() == {"number": 2}
            # Only the session that was not written is under its former key.
            assert len(set(await new.keys()) & old_keys) == 1
            await new.backend.set(ids[0], b'{"number":9}')
            assert (await reader.get("/")).json() == {"number": 9}
            assert len(await new.keys()) == 4
            assert not set(await new.keys()) & old_keys
