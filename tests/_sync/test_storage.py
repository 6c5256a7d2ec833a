# Generated from tests/_async/test_storage.py (make generate): edit that, not this.
"""The contract of a storage: verbs that save, create and load."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from litestar_sessions import SyncSessionStorage, SessionExistsError, StoredSession
from litestar_sessions._sql.keys import make_keys
from tests.support.examples import SESSION_IDS
from tests.support.models import OtherSession, OwnedSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.support.clock import Clock


def test_an_unknown_session_is_not_loaded(storage: SyncSessionStorage) -> None:
    assert storage.load("id") is None


def test_a_saved_session_is_loaded(saving: SyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    saving.save("id", b"data", expires_at)
    assert saving.load("id") == StoredSession(b"data", expires_at)


def test_saving_replaces_data_and_expiry(saving: SyncSessionStorage, clock: Clock) -> None:
    saving.save("id", b"old", clock.after(minutes=20))
    saving.save("id", b"new", clock.after(minutes=30))
    assert saving.load("id") == StoredSession(b"new", clock.after(minutes=30))


def test_saving_the_same_again_is_no_error(saving: SyncSessionStorage, clock: Clock) -> None:
    saving.save("id", b"data", clock.after(minutes=20))
    saving.save("id", b"data", clock.after(minutes=20))
    assert saving.load("id") == StoredSession(b"data", clock.after(minutes=20))


def test_saving_revives_an_expired_session(saving: SyncSessionStorage, clock: Clock) -> None:
    saving.save("id", b"old", clock.after(minutes=20))
    clock.advance(minutes=20)
    saving.save("id", b"new", clock.after(minutes=20))
    assert saving.load("id") == StoredSession(b"new", clock.after(minutes=20))


def test_of_several_sessions_those_are_loaded_that_are_live(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    for session_id in ("one", "two", "three"):
        storage.save(session_id, session_id.encode(), clock.after(minutes=20))
    storage.save("expired", b"data", clock.now)
    found = storage.load_many(["three", "expired", "ONE", "unknown", "one", "one"])
    assert list(found) == ["three", "one"]
    assert found["one"] == StoredSession(b"one", clock.after(minutes=20))
    assert found["three"] == storage.load("three")
    assert storage.load_many(["unknown"]) == storage.load_many([]) == {}


def test_any_number_of_sessions_is_loaded(storage: SyncSessionStorage, clock: Clock) -> None:
    session_ids = [f"id {number}" for number in range(131)]
    for session_id in session_ids[::2]:
        storage.save(session_id, session_id.encode(), clock.after(minutes=20))
    found = storage.load_many(session_ids)
    assert {session_id: session.data for session_id, session in found.items()} == {
        session_id: session_id.encode() for session_id in session_ids[::2]
    }


def test_each_of_several_sessions_is_found_under_any_of_its_keys(
    engine: Engine, storage: SyncSessionStorage, clock: Clock
) -> None:
    keys = make_keys(hash_ids=True, secrets=["first" * 7, "second" * 6], take_over="plain")
    former = make_keys(hash_ids=True, secrets=["second" * 6], take_over=None)
    new = SyncSessionStorage(engine, UserSession, clock=clock, keys=keys)
    old = SyncSessionStorage(engine, UserSession, clock=clock, keys=former)
    for place, session_id in ((storage, "plain"), (new, "new"), (old, "old")):
        place.save(session_id, session_id.encode(), clock.after(minutes=20))
    session_ids = ["old", "plain", "new"]
    found = new.load_many(session_ids)
    assert [found[session_id].data for session_id in session_ids] == [b"old", b"plain", b"new"]


def test_a_session_is_live_until_the_microsecond_of_its_expiry(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.save("id", b"data", clock.after(microseconds=2))
    clock.advance(microseconds=1)
    assert storage.load("id") is not None
    clock.advance(microseconds=1)
    assert storage.load("id") is None


def test_loading_leaves_an_expired_session_where_it_is(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.save("id", b"data", clock.now)
    assert storage.load("id") is None
    assert storage.delete_expired() == 1


def test_an_expiry_is_the_same_instant_in_any_time_zone(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    storage.save("id", b"data", expires_at.astimezone(timezone(timedelta(hours=9))))
    assert storage.load("id") == StoredSession(b"data", expires_at)


def test_a_naive_expiry_is_taken_as_utc(storage: SyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    storage.save("id", b"data", expires_at.replace(tzinfo=None))
    assert storage.load("id") == StoredSession(b"data", expires_at)


def test_a_session_may_live_for_a_century(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.save("id", b"data", clock.after(days=36_525))
    clock.advance(days=36_524)
    assert storage.load("id") is not None


@pytest.mark.parametrize("data", [b"", b"\x00\xff'\"\\%s:x?", bytes(range(256)) * 4])
def test_data_is_any_bytes(storage: SyncSessionStorage, clock: Clock, data: bytes) -> None:
    storage.save("id", data, clock.after(minutes=20))
    assert storage.load("id") == StoredSession(data, clock.after(minutes=20))


def test_data_may_be_16_megabytes(storage: SyncSessionStorage, clock: Clock) -> None:
    # Not 16 MiB, MySQL's longest packet: there is a driver that cannot read such a row.
    data = bytes(range(256)) * 62_500
    storage.save("id", data, clock.after(minutes=20))
    session = storage.load("id")
    assert session is not None
    assert session.data == data


def test_no_two_session_ids_are_confused(storage: SyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    for number, session_id in enumerate(SESSION_IDS):
        storage.create(session_id, b"%d" % number, expires_at)
    for number, session_id in enumerate(SESSION_IDS):
        assert storage.load(session_id) == StoredSession(b"%d" % number, expires_at)
    assert storage.delete_all() == len(SESSION_IDS)


def test_creating_stores_a_session(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    assert storage.load("id") == StoredSession(b"data", clock.after(minutes=20))


def test_creating_returns_what_is_loaded_later(engine: Engine, clock: Clock) -> None:
    for model in (UserSession, OtherSession):
        storage = SyncSessionStorage(engine, model, clock=clock)
        storage.create_table()
        storage.delete_all()
        created = storage.create("id", b"data", clock.after(minutes=20))
        loaded = storage.load("id")
        assert loaded is not None
        assert (created.id, created.key) == (loaded.id, loaded.key)
        assert created.created_at == loaded.created_at


def test_creating_never_overwrites(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("secret-id", b"old", clock.after(minutes=20))
    with pytest.raises(SessionExistsError) as raised:
        storage.create("secret-id", b"new", clock.after(minutes=30))
    assert storage.load("secret-id") == StoredSession(b"old", clock.after(minutes=20))
    assert "secret-id" not in str(raised.value)


def test_creating_does_not_overwrite_an_expired_session_either(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"old", clock.now)
    with pytest.raises(SessionExistsError):
        storage.create("id", b"new", clock.after(minutes=20))


def test_a_column_that_nobody_fills_is_not_taken_for_a_known_id(
    engine: Engine, clock: Clock
) -> None:
    storage = SyncSessionStorage(engine, OwnedSession, clock=clock)
    storage.create_table()
    with pytest.raises(DBAPIError, match="owner"):
        storage.create("id", b"data", clock.after(minutes=20))


def test_a_session_knows_when_it_was_created(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    created_at = clock.now
    storage.create("id", b"data", clock.after(minutes=20))
    clock.advance(minutes=10)
    storage.rotate("id", "new")
    session = storage.load("new")
    assert session is not None
    assert session.created_at is not None
    assert abs(session.created_at - created_at) < timedelta(milliseconds=1)
