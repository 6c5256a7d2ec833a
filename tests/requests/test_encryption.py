"""Sessions whose data is encrypted, as visitors see them, and thieves of the table."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from litestar import post
from sqlalchemy import select, update

from litestar_sessions import (
    ConfigurationError,
    SessionDamagedError,
    SessionEvent,
    SessionPlugin,
    rotate_session_id,
    save_session,
)
from tests.support.models import FullSession
from tests.support.people import Visit, open_people, sign_in
from tests.support.roundtrips import StatementCounter, counting
from tests.support.site import MAX_AGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site

OLD, NEW = "first" * 8, "second" * 8
INTERVAL = 60


@post("/in-a-row")
async def save_in_a_row(request: Visit) -> dict[str, Any]:
    """Save after each of several changes, and get other IDs between them."""
    for number in range(4):
        request.session["number"] = number
        if number % 2:
            rotate_session_id(request)
        await save_session(request)
    return dict(request.session)


@post("/detached")
async def change_what_was_shown(request: Visit) -> dict[str, Any]:
    """Change a value that the handler has had since before it saved."""
    request.session["cart"] = []
    rotate_session_id(request)
    await save_session(request)
    cart = request.session["cart"]
    request.session["number"] = 1
    await save_session(request)
    cart.append("pear")
    return dict(request.session)


def open_encrypted(place: Any, clock: Clock, **settings: Any) -> Any:
    settings = {"data_keys": [OLD], "rotation_interval": INTERVAL, **settings}
    return open_people(
        place, clock, route_handlers=[save_in_a_row, change_what_was_shown], **settings
    )


@pytest.fixture
async def site(any_database: tuple[bool, Database], clock: Clock) -> AsyncIterator[Site]:
    async with open_encrypted(any_database, clock) as site:
        yield site


async def stored(site: Site) -> list[bytes]:
    return [bytes(row[0]) for row in await site._execute(select(FullSession.data))]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [record for record in caplog.records if record.name == "litestar_sessions"]
    return [record.session_event for record in records]  # type: ignore[attr-defined]  # ours


async def test_the_table_tells_whose_a_session_is_and_nothing_of_its_data(site: Site) -> None:
    async with site.visitor() as client:
        await sign_in(client)
        await client.post("/set", json={"secret": "hare"})
        assert (await client.get("/")).json() == {"user_id": "Ann", "secret": "hare"}
        (data,) = await stored(site)
        assert b"hare" not in data
        assert b"user_id" not in data
        assert len((await client.get("/devices")).json()) == 1


async def test_who_can_write_to_the_table_gets_into_no_session(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as victim, site.visitor() as thief:
        await sign_in(victim)
        (theirs,) = await stored(site)
        own = await sign_in(thief, "Eve")
        mine = FullSession.owner == "Eve"
        for forged in (b'{"user_id":"Ann"}', theirs, theirs[:-1] + b"\x00", b""):
            await site._execute(update(FullSession).where(mine).values(data=forged))
            caplog.clear()
            async with site.visitor(own) as forging:
                assert (await forging.get("/")).json() == {}
            assert "undecodable" in events(caplog)
        assert (await victim.get("/")).json() == {"user_id": "Ann"}


async def test_secrets_are_exchanged_and_nobody_is_signed_out(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_encrypted(any_database, clock) as before, before.visitor() as client:
        session_id = await sign_in(client)
    both = open_encrypted(any_database, clock, data_keys=[NEW, OLD], empty=False)
    async with both as site, site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {"user_id": "Ann"}
        await client.post("/set", json={"cart": 1})
    only = open_encrypted(any_database, clock, data_keys=[NEW], empty=False)
    async with only as site, site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}


async def test_sessions_from_before_are_encrypted_when_they_are_written(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as before, before.visitor() as client:
        session_id = await sign_in(client)
    taking_over = open_encrypted(any_database, clock, read_unencrypted=True, empty=False)
    async with taking_over as site, site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {"user_id": "Ann"}
        assert b"Ann" in (await stored(site))[0]
        await client.post("/set", json={"cart": 1})
        assert b"Ann" not in (await stored(site))[0]
    strict = open_encrypted(any_database, clock, empty=False)
    async with strict as site, site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}


async def test_a_request_with_the_former_id_reads_and_writes_the_session(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        former = await sign_in(client)
        clock.advance(seconds=INTERVAL)
        await client.get("/")
        assert client.cookies["session"] != former
        async with site.visitor(former) as late:
            assert (await late.get("/")).json() == {"user_id": "Ann"}
            await late.post("/set", json={"cart": 1})
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}


@pytest.mark.parametrize("on_conflict", ["merge", "overwrite"])
async def test_two_requests_change_a_session_at_the_same_time(
    any_database: tuple[bool, Database], clock: Clock, on_conflict: str
) -> None:
    opened = open_encrypted(any_database, clock, on_conflict=on_conflict)
    async with opened as site, site.visitor() as client:
        await sign_in(client)
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": 1}))
        await site.gate.reached()
        await client.post("/set", json={"fast": 1})
        site.gate.open()
        assert (await slow).is_success
        both = {"user_id": "Ann", "fast": 1, "slow": 1}
        last = {"user_id": "Ann", "slow": 1}
        assert (await client.get("/")).json() == (both if on_conflict == "merge" else last)


async def test_a_handler_saves_and_rotates_several_times(site: Site) -> None:
    async with site.visitor() as client:
        first = await sign_in(client)
        answer = (await client.post("/in-a-row")).json()
        assert answer == {"user_id": "Ann", "number": 3}
        assert client.cookies["session"] != first
        assert (await client.get("/")).json() == answer
        assert await site.rows() == 1


async def test_what_a_handler_holds_stays_a_part_of_the_session(site: Site) -> None:
    async with site.visitor() as client:
        await sign_in(client)
        assert (await client.post("/detached")).json()["cart"] == ["pear"]
        assert (await client.get("/")).json()["cart"] == ["pear"]


async def test_one_statement_saves_each_change_of_several(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    with counting(database) as (counter, url):
        place = is_async, replace(database, url=url)
        events: list[SessionEvent] = []
        async with open_encrypted(place, clock, listeners=[events.append]) as site:
            if isinstance(counter, StatementCounter):
                await site.backend.engine.dispose() if is_async else site.engine.dispose()
                counter.watch(site.engine)
            async with site.visitor() as client:
                await sign_in(client)
                for _ in range(8):  # psycopg prepares a statement when it runs the sixth time
                    counter.reset()
                    await client.post("/in-a-row")
                assert counter.count == 1 + 4
            site.config.settings.listeners.close()
        assert {event.kind for event in events} == {"created", "changed", "rotated"}


async def test_a_session_that_is_only_read_gets_the_present_secret(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as before, before.visitor() as client:
        session_id = await sign_in(client)
    steps = ({"data_keys": [OLD], "read_unencrypted": True}, {"data_keys": [NEW, OLD]})
    for settings in steps:
        opened = open_encrypted(
            any_database, clock, empty=False, rotation_interval=None, **settings
        )
        async with opened as site, site.visitor(session_id) as client:
            clock.advance(seconds=MAX_AGE // 2)
            assert (await client.get("/")).json() == {"user_id": "Ann"}
    only = open_encrypted(any_database, clock, data_keys=[NEW], empty=False)
    async with only as site, site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {"user_id": "Ann"}


@pytest.fixture
async def taking_over(
    any_database: tuple[bool, Database], clock: Clock
) -> AsyncIterator[tuple[Site, str]]:
    """A site with a session from before, which is not encrypted."""
    async with (
        open_people(any_database, clock) as before,
        open_encrypted(any_database, clock, read_unencrypted=True, empty=False) as site,
        before.visitor() as client,
    ):
        yield site, await sign_in(client)


async def test_a_session_from_before_that_gets_another_id_is_left_to_requests_under_way(
    taking_over: tuple[Site, str], clock: Clock
) -> None:
    site, session_id = taking_over
    clock.advance(seconds=INTERVAL)
    async with site.visitor(session_id) as client, site.visitor(session_id) as late:
        await client.get("/")
        assert client.cookies["session"] != session_id
        assert (await late.get("/")).json() == {"user_id": "Ann"}
        await late.post("/set", json={"cart": 1})
        assert late.cookies["session"] == session_id
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}
        assert await site.rows() == 1


async def test_a_request_that_had_read_what_was_not_encrypted_leaves_the_cookie_of_a_sign_in(
    taking_over: tuple[Site, str], caplog: pytest.LogCaptureFixture
) -> None:
    site, session_id = taking_over
    async with site.visitor(session_id) as client:
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": 1}))
        await site.gate.reached()
        async with site.visitor(session_id) as signing:
            await signing.post("/rotate", json={"user_id": "Bob"})
            site.gate.open()
            assert "set-cookie" not in (await slow).headers
            assert (await signing.get("/")).json() == {"user_id": "Bob"}
    assert "rotated" in events(caplog)
    assert "undecodable" not in events(caplog)
    assert await site.rows() == 1


async def test_replacing_the_data_of_a_session_leaves_it_to_requests_with_the_former_id(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        former = await sign_in(client)
        clock.advance(seconds=INTERVAL)
        await client.get("/")
        await site.backend.set(client.cookies["session"], b'{"user_id":"Ann","by":"a job"}')
        async with site.visitor(former) as late:
            assert (await late.get("/")).json() == {"user_id": "Ann", "by": "a job"}
            assert "set-cookie" not in (await late.post("/set", json={"cart": 1})).headers
        assert await site.rows() == 1


async def test_who_had_an_id_before_a_sign_in_is_a_stranger_and_leaves_the_cookie(
    site: Site,
) -> None:
    async with site.visitor() as client:
        planted = await sign_in(client, "Eve")
        await client.post("/rotate", json={"user_id": "Ann"})
        one_key = len((await stored(site))[0])
        # As somebody does who can write to the table.
        forged = {"rights_changed_at": None, "rotated_at": site.backend.clock()}
        await site._execute(update(FullSession).values(**forged))
        async with site.visitor(planted) as thief:
            assert (await thief.get("/")).json() == {}
            response = await thief.post("/set", json={"cart": 1})
            assert "set-cookie" not in response.headers
        assert (await client.get("/")).json() == {"user_id": "Ann"}
        assert one_key == 129 + len(b'{"user_id":"Ann"}')


async def test_damage_is_told_with_whose_it_is(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    heard: list[SessionEvent] = []
    opened = open_encrypted(any_database, clock, listeners=[heard.append])
    async with opened as site, site.visitor() as client:
        await sign_in(client)
        await site._execute(update(FullSession).values(data=b"forged"))
        assert (await client.get("/")).json() == {}
        site.config.settings.listeners.close()
        (damage,) = [event for event in heard if event.kind == "undecodable"]
        assert damage.owner == "Ann"
        assert damage.id is not None


async def test_what_is_loaded_together_with_damage_can_be_read(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_encrypted(any_database, clock) as site:
        ids = []
        for number in range(16):
            async with site.visitor() as client:
                ids.append(await sign_in(client, str(number)))
        key = site.backend.keys.current(ids[0])
        damaged = update(FullSession).where(FullSession.session_id == key)
        await site._execute(damaged.values(data=b"forged"))
        loaded = await site.backend.storage.load_many(ids)
        assert [each.is_readable for each in loaded.values()] == [False, *[True] * 15]


async def test_the_store_of_litestar_has_the_data(site: Site) -> None:
    async with site.visitor() as client:
        session_id = await sign_in(client)
        store = site.backend.as_store()
        assert await store.get(session_id) == b'{"user_id":"Ann"}'
        await store.set(session_id, b'{"user_id":"Ann","by":"a store"}')
        assert (await client.get("/")).json() == {"user_id": "Ann", "by": "a store"}
        await site._execute(update(FullSession).values(data=b"forged"))
        assert await store.exists(session_id)
        assert await store.expires_in(session_id)
        with pytest.raises(SessionDamagedError):
            await store.get(session_id)
        assert await site.backend.get(session_id) is None


async def test_plain_ids_are_taken_over_and_the_data_stays(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    plain = open_encrypted(any_database, clock, hash_session_ids=False)
    async with plain as before, before.visitor() as client:
        session_id = await sign_in(client)
    taking_over = open_encrypted(any_database, clock, take_over="plain", empty=False)
    async with taking_over as site, site.visitor(session_id) as client:
        assert (await client.get("/")).json() == {"user_id": "Ann"}
        await client.post("/set", json={"cart": 1})
        assert await site.keys() == [site.backend.keys.current(session_id)]
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data_keys": ["short"]}, "data_keys has 5 bytes, and 32 is the least"),
        ({"data_keys": OLD}, "a list of secrets, as in data_keys="),
        ({"read_unencrypted": True}, "hand in data_keys="),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        SessionPlugin("sqlite://", **settings)
    assert OLD not in str(refused.value)


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "sys.modules['cryptography'] = None\n"
        "from litestar_sessions import ConfigurationError, SessionPlugin\n"
        "SessionPlugin('sqlite://')\n"
        "try:\n"
        "    SessionPlugin('sqlite://', data_keys=['k' * 32])\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n",
        encoding="utf-8",
    )
    printed = subprocess.check_output([sys.executable, str(program)], text=True, timeout=60)
    assert "install litestar-sessions[encryption]" in printed
