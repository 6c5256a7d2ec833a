# Generated from tests/_async/test_races.py (make generate): edit that, not this.
"""Verbs that meet at the same moment: no error reaches the caller, nothing newer is destroyed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from litestar_sessions import SyncSessionStorage, SessionExistsError
from tests.support.at_once import sync_at_once

if TYPE_CHECKING:
    from tests.support.clock import Clock

TIMES = range(12)


def test_all_may_save_one_session(saving: SyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    sync_at_once(*(partial(saving.save, "id", b"%d" % n, expires_at) for n in TIMES))
    session = saving.load("id")
    assert session is not None
    assert session.data in {b"%d" % n for n in TIMES}
    assert saving.delete_all() == 1


def test_saving_and_deleting_one_session(saving: SyncSessionStorage, clock: Clock) -> None:
    save = partial(saving.save, "id", b"data", clock.after(minutes=20))
    delete = partial(saving.delete, "id")
    for _ in range(4):
        sync_at_once(*([save, delete] * 6))
    saving.save("id", b"last", clock.after(minutes=20))
    session = saving.load("id")
    assert session is not None
    assert session.data == b"last"


def test_one_of_many_creates_a_session(storage: SyncSessionStorage, clock: Clock) -> None:
    def create(number: int) -> bool:
        try:
            storage.create("id", b"%d" % number, clock.after(minutes=20))
        except SessionExistsError:
            return False
        return True

    created = sync_at_once(*(partial(create, number) for number in TIMES))
    session = storage.load("id")
    assert session is not None
    assert created == [session.data == b"%d" % number for number in TIMES]


def test_one_of_many_updates_what_all_have_loaded(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    storage.create("id", b"old", expires_at)

    def update(number: int) -> bool:
        return storage.update("id", b"%d" % number, expires_at, expected=b"old")

    outcomes = sync_at_once(*(partial(update, number) for number in TIMES))
    winner = outcomes.index(True)
    session = storage.load("id")
    assert session is not None
    assert session.data == b"%d" % winner
    assert outcomes.count(True) == 1


def test_one_of_many_rotates_a_session(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("old", b"data", clock.after(minutes=20))
    rotated = sync_at_once(*(partial(storage.rotate, "old", f"new {n}") for n in TIMES))
    assert rotated.count(True) == 1
    assert storage.load(f"new {rotated.index(True)}") is not None
    assert storage.delete_all() == 1


def test_no_verb_brings_back_what_another_deletes(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    for _ in range(4):
        storage.create("id", b"data", expires_at)
        sync_at_once(
            partial(storage.touch, "id", expires_at),
            partial(storage.load_and_touch, "id", expires_at),
            partial(storage.update, "id", b"new", expires_at, expected=b"data"),
            partial(storage.delete, "id"),
            partial(storage.touch, "id", expires_at),
            partial(storage.load, "id"),
        )
        assert storage.load("id") is None


@pytest.mark.parametrize("batch_size", [3, 1_000])
def test_many_may_delete_the_expired_at_once(
    storage: SyncSessionStorage, clock: Clock, batch_size: int
) -> None:
    for number in range(20):
        storage.create(f"expired {number}", b"data", clock.now)
    storage.create("live", b"data", clock.after(minutes=20))
    counts = sync_at_once(
        *(partial(storage.delete_expired, batch_size=batch_size) for _ in range(4))
    )
    assert sum(counts) == 20
    assert storage.delete_all() == 1


def test_a_session_that_is_revived_meanwhile_is_not_deleted_as_expired(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    for round_ in range(4):
        for number in range(6):
            storage.save(f"id {number}", b"old", clock.now)
        save = [
            partial(storage.save, f"id {n}", b"%d" % round_, clock.after(minutes=20))
            for n in range(6)
        ]
        sync_at_once(*save, storage.delete_expired)
        for number in range(6):
            session = storage.load(f"id {number}")
            assert session is not None
            assert session.data == b"%d" % round_
