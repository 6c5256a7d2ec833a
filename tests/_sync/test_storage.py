# Generated from tests/_async/test_storage.py (make generate): edit that, not this.
"""The contract of a storage: each verb, on a hit and on a miss."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from litestar_sessions import SyncSessionStorage, SessionExistsError, StoredSession
from tests.support.examples import SESSION_IDS
from tests.support.models import MissingSession, OtherSession, OwnedSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.support.clock import Clock


def test_a_storage_knows_whether_its_table_is_there(engine: Engine) -> None:
    assert SyncSessionStorage(engine, UserSession).has_table()
    assert not SyncSessionStorage(engine, MissingSession).has_table()


def test_touching_first_leaves_load_and_touch_as_it_is(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.save("id", b"data", clock.after(minutes=1))
    assert storage.touch("id", clock.after(minutes=2))
    touched = storage.load_and_touch("id", clock.after(minutes=3))
    assert touched == StoredSession(b"data", clock.after(minutes=3))
    assert storage.touch("id", clock.after(minutes=4))


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


def test_updating_replaces_what_was_expected(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"old", clock.after(minutes=20))
    assert storage.update("id", b"new", clock.after(minutes=30), expected=b"old")
    assert storage.load("id") == StoredSession(b"new", clock.after(minutes=30))


def test_updating_to_the_same_data_is_an_update(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    assert storage.update("id", b"data", clock.after(minutes=20), expected=b"data")


def test_updating_does_not_undo_a_change(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("id", b"theirs", clock.after(minutes=20))
    assert not storage.update("id", b"ours", clock.after(minutes=30), expected=b"old")
    assert storage.load("id") == StoredSession(b"theirs", clock.after(minutes=20))


def test_updating_tells_data_apart_by_case(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"DATA", clock.after(minutes=20))
    assert not storage.update("id", b"ours", clock.after(minutes=30), expected=b"data")


def test_updating_does_not_bring_back_a_deleted_session(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    assert not storage.update("id", b"new", clock.after(minutes=20), expected=b"old")
    assert storage.delete_all() == 0


def test_updating_does_not_bring_back_an_expired_session(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"old", clock.now)
    assert not storage.update("id", b"new", clock.after(minutes=20), expected=b"old")
    assert storage.load("id") is None


def test_touching_moves_the_expiry_alone(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    assert storage.touch("id", clock.after(minutes=30))
    assert storage.load("id") == StoredSession(b"data", clock.after(minutes=30))


def test_touching_to_the_same_moment_finds_the_session(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    assert storage.touch("id", clock.after(minutes=20))


def test_touching_does_not_bring_a_session_back(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.now)
    assert not storage.touch("id", clock.after(minutes=20))
    assert not storage.touch("unknown", clock.after(minutes=20))
    assert storage.load("id") is None


def test_loading_and_touching_does_both(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    renewed = StoredSession(b"data", clock.after(minutes=30))
    assert storage.load_and_touch("id", clock.after(minutes=30)) == renewed
    assert storage.load("id") == renewed


def test_loading_and_touching_does_not_bring_a_session_back(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.now)
    assert storage.load_and_touch("id", clock.after(minutes=20)) is None
    assert storage.load_and_touch("unknown", clock.after(minutes=20)) is None
    assert storage.load("id") is None


def test_loading_and_touching_may_end_a_session(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    ended = StoredSession(b"data", clock.now)
    assert storage.load_and_touch("id", clock.now) == ended
    assert storage.load("id") is None


def test_rotating_gives_a_session_another_id(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("old", b"data", clock.after(minutes=20))
    assert storage.rotate("old", "new")
    assert storage.load("old") is None
    assert storage.load("new") == StoredSession(b"data", clock.after(minutes=20))


def test_rotating_does_not_bring_a_session_back(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("old", b"data", clock.now)
    assert not storage.rotate("old", "new")
    assert not storage.rotate("unknown", "new")
    assert storage.load("new") is None


def test_rotating_to_a_known_id_changes_neither_session(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("old-secret", b"old", clock.after(minutes=20))
    storage.create("new-secret", b"new", clock.after(minutes=20))
    with pytest.raises(SessionExistsError) as raised:
        storage.rotate("old-secret", "new-secret")
    assert storage.load("old-secret") == StoredSession(b"old", clock.after(minutes=20))
    assert storage.load("new-secret") == StoredSession(b"new", clock.after(minutes=20))
    assert "secret" not in str(raised.value)


def test_reloading_finds_a_session_under_whatever_id(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    session = storage.create("old", b"old", clock.after(minutes=20))
    assert storage.reload(session) == session
    storage.update("old", b"new", clock.after(minutes=30), new_id="new")
    reloaded = storage.reload(session)
    assert reloaded == StoredSession(b"new", clock.after(minutes=30))
    assert reloaded is not None
    assert (session.key, reloaded.key) == ("old", "new")
    assert session.id == reloaded.id is not None


def test_reloading_does_not_bring_a_session_back(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    expired = storage.create("expired", b"data", clock.after(minutes=20))
    clock.advance(minutes=20)
    deleted = storage.create("deleted", b"data", clock.after(minutes=20))
    storage.delete("deleted")
    assert storage.reload(expired) is None
    assert storage.reload(deleted) is None


def test_discarding_removes_a_session_under_whatever_id(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    session = storage.create("old", b"data", clock.after(minutes=20))
    storage.create("other", b"data", clock.after(minutes=20))
    storage.rotate("old", "new")
    storage.discard(session)
    storage.discard(session)
    assert storage.load("new") is None
    assert storage.load("other") is not None


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


def test_a_deleted_session_is_gone(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    storage.create("other", b"data", clock.after(minutes=20))
    storage.delete("id")
    assert storage.load("id") is None
    assert storage.load("other") is not None


def test_deleting_an_unknown_session_is_silent(storage: SyncSessionStorage) -> None:
    storage.delete("unknown")
    storage.delete("unknown")


def test_deleting_all_leaves_none(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("live", b"data", clock.after(minutes=20))
    storage.create("expired", b"data", clock.now)
    assert storage.delete_all() == 2
    assert storage.delete_all() == 0
    assert storage.load("live") is None


def test_deleting_the_expired_removes_exactly_those(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("long ago", b"data", clock.after(days=-400))
    storage.create("just now", b"data", clock.now)
    storage.create("soon", b"data", clock.after(microseconds=1))
    assert storage.delete_expired() == 2
    assert storage.delete_expired() == 0
    assert storage.load("soon") is not None


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 100])
def test_the_expired_are_deleted_whatever_the_size_of_a_batch(
    storage: SyncSessionStorage, clock: Clock, batch_size: int
) -> None:
    for number in range(4):
        storage.create(f"expired {number}", b"data", clock.after(seconds=-number))
    storage.create("live", b"data", clock.after(minutes=20))
    assert storage.delete_expired(batch_size=batch_size) == 4
    assert storage.load("live") is not None


def test_a_table_that_is_there_may_be_created_again(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"data", clock.after(minutes=20))
    storage.create_table()
    assert storage.load("id") is not None
