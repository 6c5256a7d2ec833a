# The source of a generated twin: see CONTRIBUTING.md.
"""The contract of a storage: verbs that save, create and load."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from litestar_sessions import AsyncSessionStorage, SessionExistsError, StoredSession
from litestar_sessions._sql.keys import make_keys
from tests.support.examples import SESSION_IDS
from tests.support.models import OtherSession, OwnedSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock


async def test_an_unknown_session_is_not_loaded(storage: AsyncSessionStorage) -> None:
    assert await storage.load("id") is None


async def test_a_saved_session_is_loaded(saving: AsyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    await saving.save("id", b"data", expires_at)
    assert await saving.load("id") == StoredSession(b"data", expires_at)


async def test_saving_replaces_data_and_expiry(saving: AsyncSessionStorage, clock: Clock) -> None:
    await saving.save("id", b"old", clock.after(minutes=20))
    await saving.save("id", b"new", clock.after(minutes=30))
    assert await saving.load("id") == StoredSession(b"new", clock.after(minutes=30))


async def test_saving_the_same_again_is_no_error(saving: AsyncSessionStorage, clock: Clock) -> None:
    await saving.save("id", b"data", clock.after(minutes=20))
    await saving.save("id", b"data", clock.after(minutes=20))
    assert await saving.load("id") == StoredSession(b"data", clock.after(minutes=20))


async def test_saving_revives_an_expired_session(saving: AsyncSessionStorage, clock: Clock) -> None:
    await saving.save("id", b"old", clock.after(minutes=20))
    clock.advance(minutes=20)
    await saving.save("id", b"new", clock.after(minutes=20))
    assert await saving.load("id") == StoredSession(b"new", clock.after(minutes=20))


async def test_of_several_sessions_those_are_loaded_that_are_live(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    for session_id in ("one", "two", "three"):
        await storage.save(session_id, session_id.encode(), clock.after(minutes=20))
    await storage.save("expired", b"data", clock.now)
    found = await storage.load_many(["three", "expired", "ONE", "unknown", "one", "one"])
    assert list(found) == ["three", "one"]
    assert found["one"] == StoredSession(b"one", clock.after(minutes=20))
    assert found["three"] == await storage.load("three")
    assert await storage.load_many(["unknown"]) == await storage.load_many([]) == {}


async def test_any_number_of_sessions_is_loaded(storage: AsyncSessionStorage, clock: Clock) -> None:
    session_ids = [f"id {number}" for number in range(131)]
    for session_id in session_ids[::2]:
        await storage.save(session_id, session_id.encode(), clock.after(minutes=20))
    found = await storage.load_many(session_ids)
    assert {session_id: session.data for session_id, session in found.items()} == {
        session_id: session_id.encode() for session_id in session_ids[::2]
    }


async def test_each_of_several_sessions_is_found_under_any_of_its_keys(
    engine: AsyncEngine, storage: AsyncSessionStorage, clock: Clock
) -> None:
    keys = make_keys(hash_ids=True, secrets=["first" * 7, "second" * 6], take_over="plain")
    former = make_keys(hash_ids=True, secrets=["second" * 6], take_over=None)
    new = AsyncSessionStorage(engine, UserSession, clock=clock, keys=keys)
    old = AsyncSessionStorage(engine, UserSession, clock=clock, keys=former)
    for place, session_id in ((storage, "plain"), (new, "new"), (old, "old")):
        await place.save(session_id, session_id.encode(), clock.after(minutes=20))
    session_ids = ["old", "plain", "new"]
    found = await new.load_many(session_ids)
    assert [found[session_id].data for session_id in session_ids] == [b"old", b"plain", b"new"]


async def test_a_session_is_live_until_the_microsecond_of_its_expiry(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.save("id", b"data", clock.after(microseconds=2))
    clock.advance(microseconds=1)
    assert await storage.load("id") is not None
    clock.advance(microseconds=1)
    assert await storage.load("id") is None


async def test_loading_leaves_an_expired_session_where_it_is(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.save("id", b"data", clock.now)
    assert await storage.load("id") is None
    assert await storage.delete_expired() == 1


async def test_an_expiry_is_the_same_instant_in_any_time_zone(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    await storage.save("id", b"data", expires_at.astimezone(timezone(timedelta(hours=9))))
    assert await storage.load("id") == StoredSession(b"data", expires_at)


async def test_a_naive_expiry_is_taken_as_utc(storage: AsyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    await storage.save("id", b"data", expires_at.replace(tzinfo=None))
    assert await storage.load("id") == StoredSession(b"data", expires_at)


async def test_a_session_may_live_for_a_century(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.save("id", b"data", clock.after(days=36_525))
    clock.advance(days=36_524)
    assert await storage.load("id") is not None


@pytest.mark.parametrize("data", [b"", b"\x00\xff'\"\\%s:x?", bytes(range(256)) * 4])
async def test_data_is_any_bytes(storage: AsyncSessionStorage, clock: Clock, data: bytes) -> None:
    await storage.save("id", data, clock.after(minutes=20))
    assert await storage.load("id") == StoredSession(data, clock.after(minutes=20))


async def test_data_may_be_16_megabytes(storage: AsyncSessionStorage, clock: Clock) -> None:
    # Not 16 MiB, MySQL's longest packet: there is a driver that cannot read such a row.
    data = bytes(range(256)) * 62_500
    await storage.save("id", data, clock.after(minutes=20))
    session = await storage.load("id")
    assert session is not None
    assert session.data == data


async def test_no_two_session_ids_are_confused(storage: AsyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    for number, session_id in enumerate(SESSION_IDS):
        await storage.create(session_id, b"%d" % number, expires_at)
    for number, session_id in enumerate(SESSION_IDS):
        assert await storage.load(session_id) == StoredSession(b"%d" % number, expires_at)
    assert await storage.delete_all() == len(SESSION_IDS)


async def test_creating_stores_a_session(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    assert await storage.load("id") == StoredSession(b"data", clock.after(minutes=20))


async def test_creating_returns_what_is_loaded_later(engine: AsyncEngine, clock: Clock) -> None:
    for model in (UserSession, OtherSession):
        storage = AsyncSessionStorage(engine, model, clock=clock)
        await storage.create_table()
        await storage.delete_all()
        created = await storage.create("id", b"data", clock.after(minutes=20))
        loaded = await storage.load("id")
        assert loaded is not None
        assert (created.id, created.key) == (loaded.id, loaded.key)
        assert created.created_at == loaded.created_at


async def test_creating_never_overwrites(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("secret-id", b"old", clock.after(minutes=20))
    with pytest.raises(SessionExistsError) as raised:
        await storage.create("secret-id", b"new", clock.after(minutes=30))
    assert await storage.load("secret-id") == StoredSession(b"old", clock.after(minutes=20))
    assert "secret-id" not in str(raised.value)


async def test_creating_does_not_overwrite_an_expired_session_either(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"old", clock.now)
    with pytest.raises(SessionExistsError):
        await storage.create("id", b"new", clock.after(minutes=20))


async def test_a_column_that_nobody_fills_is_not_taken_for_a_known_id(
    engine: AsyncEngine, clock: Clock
) -> None:
    storage = AsyncSessionStorage(engine, OwnedSession, clock=clock)
    await storage.create_table()
    with pytest.raises(DBAPIError, match="owner"):
        await storage.create("id", b"data", clock.after(minutes=20))


async def test_a_session_knows_when_it_was_created(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    created_at = clock.now
    await storage.create("id", b"data", clock.after(minutes=20))
    clock.advance(minutes=10)
    await storage.rotate("id", "new")
    session = await storage.load("new")
    assert session is not None
    assert session.created_at is not None
    assert abs(session.created_at - created_at) < timedelta(milliseconds=1)
