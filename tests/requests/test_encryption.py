"""Sessions whose data is encrypted, as visitors see them, and thieves of the table."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from litestar import post
from sqlalchemy import select, update

from litestar_sessions import (
    ConfigurationError,
    SessionPlugin,
    rotate_session_id,
    save_session,
)
from tests.support.models import FullSession
from tests.support.people import Visit, open_people, sign_in

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


def open_encrypted(place: Any, clock: Clock, **settings: Any) -> Any:
    settings = {"data_keys": [OLD], "rotation_interval": INTERVAL, **settings}
    return open_people(place, clock, route_handlers=[save_in_a_row], **settings)


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


async def test_the_store_of_litestar_has_the_data(site: Site) -> None:
    async with site.visitor() as client:
        session_id = await sign_in(client)
        store = site.backend.as_store()
        assert await store.get(session_id) == b'{"user_id":"Ann"}'
        await store.set(session_id, b'{"user_id":"Ann","by":"a store"}')
        assert (await client.get("/")).json() == {"user_id": "Ann", "by": "a store"}


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
