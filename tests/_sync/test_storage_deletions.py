# Generated from tests/_async/test_storage_deletions.py (make generate): edit that, not this.
"""The contract of a storage: verbs that delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from litestar_sessions import SyncSessionStorage
    from tests.support.clock import Clock


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
