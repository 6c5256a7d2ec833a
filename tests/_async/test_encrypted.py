# The source of a generated twin: see CONTRIBUTING.md.
"""A storage whose data is encrypted: the same contract, and nothing for who has only the table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from litestar_sessions import (
    AsyncEncryptedSessionStorage,
    AsyncSessionStorage,
    ConfigurationError,
    SessionDamagedError,
    StoredSession,
)
from litestar_sessions._sql.keys import StoredKey
from litestar_sessions._sql.seals import Seals
from tests.support.models import FullSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._sql.details import SessionDetails
    from tests.support.clock import Clock

SECRET, NEXT, LAST = "first" * 8, "second" * 8, "third" * 8
DATA = b'{"user_id":"Ann"}'


def seals(*secrets: str, reads_plain: bool = False, table: str = "user_sessions") -> Seals:
    return Seals(secrets or [SECRET], table, reads_plain=reads_plain)


def open_encrypted(
    engine: AsyncEngine, clock: Clock, *secrets: str, reads_plain: bool = False
) -> AsyncSessionStorage:
    """Return a storage for the same table with these secrets."""
    sealing = seals(*secrets, reads_plain=reads_plain)
    return AsyncEncryptedSessionStorage(engine, UserSession, seals=sealing, clock=clock)


@pytest.fixture
async def encrypted(storage: AsyncSessionStorage, engine: AsyncEngine) -> AsyncSessionStorage:
    """An empty storage that encrypts."""
    return AsyncEncryptedSessionStorage(engine, UserSession, seals=seals(), clock=storage.clock)


async def stored(engine: AsyncEngine, session_id: str) -> bytes:
    """Return what stands in the table as the data of a session."""
    async with engine.begin() as connection:
        found = select(UserSession.data).where(UserSession.session_id == session_id)
        return bytes((await connection.execute(found)).scalar_one())


async def forge(engine: AsyncEngine, session_id: str, data: bytes) -> None:
    """Write data as somebody does who has only the table."""
    async with engine.begin() as connection:
        forged = update(UserSession).where(UserSession.session_id == session_id)
        await connection.execute(forged.values(data=data))


async def data_of(storage: AsyncSessionStorage, session_id: str) -> bytes | None:
    session = await storage.load(session_id)
    return None if session is None else session.data


async def test_data_is_not_in_the_table(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    await encrypted.create("id", DATA, clock.after(minutes=1))
    await encrypted.save("another", DATA, clock.after(minutes=1))
    one, other = await stored(engine, "id"), await stored(engine, "another")
    assert b"Ann" not in one + other
    assert one[-40:] != other[-40:]
    assert await encrypted.load("id") == StoredSession(DATA, clock.after(minutes=1))


async def test_what_the_table_has_is_found_by_every_verb_that_returns_a_session(
    encrypted: AsyncSessionStorage, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    created = await encrypted.create("id", DATA, expiry)
    assert created.data == DATA
    assert await encrypted.load_many(["id", "none"]) == {"id": created}
    assert await encrypted.load_and_touch("id", expiry) == created
    assert await encrypted.reload(created) == created
    assert await encrypted.reload(created, StoredKey(created.key)) == created
    assert await encrypted.load("none") is None
    assert await encrypted.load_and_touch("none", expiry) is None


@pytest.mark.parametrize("at", [0, 4, 5, 12, 40, 100, 110, -1])
async def test_a_byte_that_was_changed_is_damage(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock, at: int
) -> None:
    await encrypted.create("id", DATA, clock.after(minutes=1))
    data = bytearray(await stored(engine, "id"))
    data[at] ^= 1
    await forge(engine, "id", bytes(data))
    with pytest.raises(SessionDamagedError):
        await data_of(encrypted, "id")
    await encrypted.save("id", b"anew", clock.after(minutes=1))
    assert await data_of(encrypted, "id") == b"anew"


@pytest.mark.parametrize("forged", [b"", DATA, b"\xc1ls\x01", b"\xc1ls\x01\x01" + bytes(500)])
async def test_data_that_was_written_by_others_is_damage(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock, forged: bytes
) -> None:
    created = await encrypted.create("id", DATA, clock.after(minutes=1))
    await forge(engine, "id", forged)
    for found in (await encrypted.load("id"), await encrypted.reload(created)):
        assert found is not None
        assert (found.id, found.expires_at) == (created.id, created.expires_at)
        assert not found.is_readable
        with pytest.raises(SessionDamagedError):
            _ = found.data
    await encrypted.delete("id")
    assert await encrypted.load("id") is None


async def test_the_data_of_another_row_is_damage(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    created = await encrypted.create("id", DATA, clock.after(minutes=1))
    await encrypted.create("rich", b"rich", clock.after(minutes=1))
    await forge(engine, "id", await stored(engine, "rich"))
    with pytest.raises(SessionDamagedError, match="tampered with"):
        await data_of(encrypted, "id")
    both = await encrypted.load_many(["id", "rich"])
    assert {key: each.is_readable for key, each in both.items()} == {"id": False, "rich": True}
    assert not await encrypted.update("id", b"mine", None, expected=created)


async def test_another_id_keeps_a_renewal_that_came_between(
    encrypted: AsyncSessionStorage, clock: Clock
) -> None:
    loaded = await encrypted.create("old", DATA, clock.after(minutes=1))
    await encrypted.touch("old", clock.after(minutes=20))
    assert await encrypted.update("old", b"new", None, expected=loaded, new_id="new")
    assert await encrypted.load("new") == StoredSession(b"new", clock.after(minutes=20))


async def test_the_data_of_another_table_is_damage(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    elsewhere = AsyncEncryptedSessionStorage(
        engine, UserSession, seals=seals(table="other_sessions"), clock=clock
    )
    await elsewhere.create("id", DATA, clock.after(minutes=1))
    with pytest.raises(SessionDamagedError):
        await data_of(encrypted, "id")


async def test_a_secret_is_exchanged_and_nobody_is_signed_out(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    for session_id in ("read", "changed", "rotated"):
        await encrypted.create(session_id, DATA, expiry)
    both = open_encrypted(engine, clock, NEXT, SECRET)
    assert await both.load("read") == StoredSession(DATA, expiry)
    loaded = await both.load("changed")
    assert await both.update("changed", b"new", None, expected=loaded)
    assert await both.rotate("rotated", "rotated again")
    only = open_encrypted(engine, clock, NEXT)
    assert await data_of(only, "changed") == b"new"
    assert await data_of(only, "rotated again") == DATA
    with pytest.raises(SessionDamagedError, match=r"under [0-9a-f]{8}, which is not in data_keys"):
        await data_of(only, "read")


async def test_data_from_before_is_read_where_that_is_wanted_and_encrypted_when_written(
    storage: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    for session_id in ("read", "changed", "expected", "rotated"):
        await storage.create(session_id, DATA, expiry)
    taking_over = open_encrypted(engine, clock, SECRET, reads_plain=True)
    loaded = await taking_over.load("changed")
    assert loaded == StoredSession(DATA, expiry)
    assert await taking_over.update("changed", b"new", None, expected=loaded)
    assert await taking_over.update("expected", b"new", None, expected=DATA)
    assert await taking_over.rotate("rotated", "rotated again")
    strict = open_encrypted(engine, clock)
    for session_id, data in (("changed", b"new"), ("expected", b"new"), ("rotated again", DATA)):
        assert await data_of(strict, session_id) == data
    with pytest.raises(SessionDamagedError, match="read_unencrypted=True"):
        await data_of(strict, "read")


@pytest.mark.parametrize("expects", [True, False])
async def test_updating_needs_no_more_than_the_data_and_what_was_loaded_is_one_statement_less(
    encrypted: AsyncSessionStorage, clock: Clock, expects: bool
) -> None:
    await encrypted.create("id", DATA, clock.after(minutes=1))
    loaded = await encrypted.load("id")
    assert await encrypted.update("id", b"new", None, expected=DATA if expects else None)
    assert not await encrypted.update("id", b"newer", None, expected=DATA)
    assert not await encrypted.update("id", b"newer", None, expected=loaded)
    assert not await encrypted.update("none", b"newer", None)
    assert await data_of(encrypted, "id") == b"new"


async def test_what_was_loaded_serves_for_all_that_is_saved_in_a_row(
    encrypted: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    await encrypted.create("0", b"0", expiry)
    both = open_encrypted(engine, clock, NEXT, SECRET)
    session = await both.load("0")
    assert session is not None
    for number, new_id in enumerate([None, "2", None, "4", None], start=1):
        data, own_id = b"%d" % number, str(number - number % 2) if number > 1 else "0"
        session_id = own_id if new_id is None else str(number - 2)
        moment = None if new_id is None else expiry
        assert await both.update(session_id, data, moment, expected=session, new_id=new_id)
        session = replace(session, data=data)
    assert await both.load("4") == session


def test_a_config_without_secrets_has_nothing_that_encrypts(engine: AsyncEngine) -> None:
    with pytest.raises(ConfigurationError, match="no data_keys="):
        AsyncEncryptedSessionStorage(engine, UserSession, seals=None)


def rotated(session_id: str, clock: Clock) -> SessionDetails:
    return {
        "former_session_id": session_id,
        "rotated_at": clock.now,
        "rights_changed_at": None,
    }


@pytest.fixture
async def remembering(engine: AsyncEngine, clock: Clock) -> AsyncSessionStorage:
    """An empty storage that remembers former IDs."""
    storage = AsyncEncryptedSessionStorage(
        engine, FullSession, seals=seals(table="full_sessions"), clock=clock
    )
    await storage.create_table()
    await storage.delete_all()
    await storage.create("old", DATA, clock.after(minutes=1))
    return storage


async def test_who_has_the_former_id_has_the_session_where_that_is_remembered(
    remembering: AsyncSessionStorage, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    assert await remembering.rotate("old", "new", details=rotated("old", clock))
    late = (await remembering.load_former(["old"], before))["old"]
    assert late.data == DATA
    assert await remembering.update(StoredKey(late.key), b"late", None, expected=late)
    assert await data_of(remembering, "new") == b"late"
    again = (await remembering.load_former(["old"], before))["old"]
    assert again.data == b"late"
    assert await remembering.reload(again, StoredKey(again.key)) == again


async def test_who_has_the_former_id_has_nothing_where_rights_have_changed(
    remembering: AsyncSessionStorage, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    by_rights: SessionDetails = {**rotated("old", clock), "rights_changed_at": clock.now}
    assert await remembering.rotate("old", "new", details=by_rights)
    ((session_id, late),) = (await remembering.load_former(["old"], before)).items()
    assert (session_id, late.is_readable) == ("old", False)
    assert await remembering.rotate("new", "newer")
    assert await remembering.load_former(["old", "new"], before) == {}
    assert await data_of(remembering, "newer") == DATA


async def test_replacing_data_leaves_the_session_to_who_has_the_former_id(
    remembering: AsyncSessionStorage, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    assert await remembering.rotate("old", "new", details=rotated("old", clock))
    loaded = await remembering.load("new")
    assert loaded is not None
    await remembering.save("new", b"replaced", clock.after(minutes=1))
    assert (await remembering.load_former(["old"], before))["old"].data == b"replaced"
    again = await remembering.reload(loaded, StoredKey(loaded.key))
    assert again is not None
    assert again.data == b"replaced"


async def test_what_is_not_encrypted_yet_is_left_so_by_who_has_only_the_former_id(
    remembering: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    plain = AsyncSessionStorage(engine, FullSession, clock=clock)
    await plain.create("plain", DATA, clock.after(minutes=1))
    assert await plain.rotate("plain", "present", details=rotated("plain", clock))
    sealing = seals(table="full_sessions", reads_plain=True)
    both = AsyncEncryptedSessionStorage(engine, FullSession, seals=sealing, clock=clock)
    late = (await both.load_former(["plain"], before))["plain"]
    assert await both.update(StoredKey(late.key), b"late", None, expected=late)
    assert await data_of(both, "present") == b"late"
    assert await both.update("present", b"own", None, expected=b"late")
    assert await data_of(remembering, "present") == b"own"


async def test_rotating_what_is_not_encrypted_yet_leaves_it_to_who_has_the_former_id(
    remembering: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    await AsyncSessionStorage(engine, FullSession, clock=clock).create(
        "plain", DATA, clock.after(minutes=1)
    )
    sealing = seals(table="full_sessions", reads_plain=True)
    both = AsyncEncryptedSessionStorage(engine, FullSession, seals=sealing, clock=clock)
    assert await both.rotate("plain", "present", details=rotated("plain", clock))
    assert (await remembering.load_former(["plain"], before))["plain"].data == DATA
    assert await data_of(remembering, "present") == DATA


async def test_rotating_gives_up_where_details_are_not_as_expected(
    remembering: AsyncSessionStorage,
) -> None:
    assert not await remembering.rotate("old", "new", details={"lifetime_was": 5})
    assert await remembering.load("new") is None
    assert await remembering.rotate("old", "new", details={"lifetime_was": None})
