"""While processes are replaced one by one: those of before write rows under keys of before."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.site import open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site

OLD, NEW = "an old secret " * 4, "a new secret " * 4

SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({"hash_session_ids": False}, {"take_over": "plain"}),
    "another secret": ({"session_id_keys": [OLD]}, {"session_id_keys": [NEW, OLD]}),
}


@asynccontextmanager
async def old_and_new(
    database: tuple[bool, Database], clock: Clock, settings: str
) -> AsyncIterator[tuple[Site, Site]]:
    """Lend a site of before, and one with the settings of now, on the same table."""
    is_async, place = database
    before, now = SETTINGS[settings]
    async with (
        open_site(place.url, is_async=is_async, clock=clock, **before) as old,
        open_site(place.url, is_async=is_async, clock=clock, **now) as new,
    ):
        yield old, new


@pytest.mark.parametrize("settings", SETTINGS)
async def test_what_either_process_wrote_last_is_the_session(
    any_database: tuple[bool, Database], clock: Clock, settings: str
) -> None:
    async with (
        old_and_new(any_database, clock, settings) as (old, new),
        new.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        session_id = client.cookies["session"]
        clock.advance(seconds=1)
        await old.backend.set(session_id, b'{"user":"Bob"}')
        assert await new.rows() == 2
        assert (await client.get("/")).json() == {"user": "Bob"}
        assert await new.rows() == 2
        clock.advance(seconds=1)
        assert (await client.post("/set", json={"cart": 1})).status_code == 201
        assert (await client.get("/")).json() == {"user": "Bob", "cart": 1}
        assert await new.rows() == 1


@pytest.mark.parametrize("settings", SETTINGS)
async def test_a_session_with_two_rows_is_renewed_rotated_and_ended(
    any_database: tuple[bool, Database], clock: Clock, settings: str
) -> None:
    async with old_and_new(any_database, clock, settings) as (old, new):
        for method, path, rows in (
            *(("GET", "/", 1), ("POST", "/rotate", 1), ("POST", "/set", 1)),
            *(("POST", "/clear", 0), ("POST", "/restart", 1)),
        ):
            await new.empty()
            async with new.visitor() as client:
                await client.post("/set", json={"user": "Ann"})
                session_id = client.cookies["session"]
                await old.backend.set(session_id, b'{"user":"Ann"}')
                clock.advance(seconds=500)
                response = await client.request(method, path, json={"user": "Bob"})
                assert response.is_success, path
                assert await new.rows() == rows, path
            is_dead = path in {"/rotate", "/clear", "/restart"}
            async with new.visitor(session_id) as client:
                assert ((await client.get("/")).json() == {}) is is_dead, path


async def test_a_row_that_appears_during_a_request_is_merged_with(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with (
        old_and_new(any_database, clock, "plain") as (old, new),
        new.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/set?hold=1", json={"mine": 1}))
        await new.gate.reached()
        clock.advance(seconds=1)
        await old.backend.set(client.cookies["session"], b'{"user":"Ann","theirs":1}')
        new.gate.open()
        assert (await slow).status_code == 201
        assert (await client.get("/")).json() == {"user": "Ann", "mine": 1, "theirs": 1}
        assert await new.rows() == 1


async def test_a_row_that_appears_during_a_sign_out_is_gone_with_it(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with (
        old_and_new(any_database, clock, "plain") as (old, new),
        new.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/clear?hold=1"))
        await new.gate.reached()
        await old.backend.set(client.cookies["session"], b'{"user":"Ann"}')
        new.gate.open()
        assert (await slow).status_code == 201
        assert await new.rows() == 0
