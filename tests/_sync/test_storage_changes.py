# Generated from tests/_async/test_storage_changes.py (make generate): edit that, not this.
"""The contract of a storage: verbs that change a session which is there, and find it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import SyncSessionStorage, SessionExistsError, StoredSession
from litestar_sessions._sql.expectations import DIGESTED_FROM

if TYPE_CHECKING:
    from tests.support.clock import Clock


def test_touching_first_leaves_load_and_touch_as_it_is(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.save("id", b"data", clock.after(minutes=1))
    assert storage.touch("id", clock.after(minutes=2))
    touched = storage.load_and_touch("id", clock.after(minutes=3))
    assert touched == StoredSession(b"data", clock.after(minutes=3))
    assert storage.touch("id", clock.after(minutes=4))


def test_updating_replaces_what_was_expected(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"old", clock.after(minutes=20))
    assert storage.update("id", b"new", clock.after(minutes=30), expected=b"old")
    assert storage.load("id") == StoredSession(b"new", clock.after(minutes=30))


def test_updating_without_an_expiry_leaves_it(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    storage.create("id", b"old", clock.after(minutes=20))
    assert storage.update("id", b"new", None, expected=b"old")
    assert storage.load("id") == StoredSession(b"new", clock.after(minutes=20))


@pytest.mark.parametrize("expected", [b"old", None])
def test_updating_to_another_id_without_an_expiry_leaves_it(
    storage: SyncSessionStorage, clock: Clock, expected: bytes | None
) -> None:
    storage.create("old", b"old", clock.after(minutes=20))
    assert storage.update("old", b"new", None, expected=expected, new_id="new")
    assert storage.load("old") is None
    assert storage.load("new") == StoredSession(b"new", clock.after(minutes=20))


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


@pytest.mark.parametrize("size", [DIGESTED_FROM - 1, DIGESTED_FROM])
def test_large_data_is_replaced_if_it_is_what_was_expected(
    storage: SyncSessionStorage, clock: Clock, size: int
) -> None:
    old, new, expires_at = b"a" * size, b"b" * size, clock.after(minutes=20)
    storage.create("id", old, expires_at)
    assert not storage.update("id", new, expires_at, expected=b"b" + old[1:])
    assert not storage.update("id", new, expires_at, expected=old[:-1] + b"b")
    assert storage.update("id", new, expires_at, expected=old)
    session = storage.load("id")
    assert session is not None
    assert session.data == new
    assert not storage.update("id", old, expires_at, expected=old)
