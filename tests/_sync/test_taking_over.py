# Generated from tests/_async/test_taking_over.py (make generate): edit that, not this.
"""Plain session IDs become digests while the application runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import SyncSessionStorage, ConfigurationError
from litestar_sessions._sql.keys import SessionKeys, hashed, keyed, make_keys
from tests.support.models import UserSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.support.clock import Clock

SECRET = "of the new secret 32 bytes or more"
WAYS: dict[str, tuple[str, ...]] = {"sha256": (), "hmac-sha256": (SECRET,)}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def keys(request: pytest.FixtureRequest) -> SessionKeys:
    return make_keys(hash_ids=True, secrets=request.param, take_over="plain")


@pytest.fixture
def digests(keys: SessionKeys, engine: Engine, clock: Clock) -> SyncSessionStorage:
    """A storage that takes over from the plain one, on the same table."""
    return SyncSessionStorage(engine, UserSession, clock=clock, keys=keys)


def without_former(keys: SessionKeys) -> SessionKeys:
    return SessionKeys(keys.spellings[:1])


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_every_live_session_is_found_by_its_digest_alone(
    storage: SyncSessionStorage,
    digests: SyncSessionStorage,
    keys: SessionKeys,
    clock: Clock,
    batch_size: int,
) -> None:
    for number in range(5):
        storage.create(f"live-{number}", b"data", clock.after(days=1))
    storage.create("expired", b"data", clock.now)
    told: list[int] = []
    assert digests.take_over(batch_size=batch_size, on_batch=told.append) == 5
    assert told[-1] == 5
    assert digests.take_over() == 0
    afterwards = SyncSessionStorage(
        digests._execution.engine, UserSession, clock=clock, keys=without_former(keys)
    )
    found = afterwards.load_many([f"live-{number}" for number in range(5)])
    assert len(found) == 5
    assert storage.load("live-0") is None


def test_a_session_that_was_changed_meanwhile_keeps_its_change(
    storage: SyncSessionStorage, digests: SyncSessionStorage, clock: Clock
) -> None:
    for number in range(3):
        storage.create(f"live-{number}", b"old", clock.after(days=1))
    digests.update("live-1", b"new", clock.after(days=1))
    digests.delete("live-2")
    assert digests.take_over() == 1
    session = digests.load("live-1")
    assert session is not None
    assert session.data == b"new"
    assert digests.load("live-2") is None


def test_a_second_row_under_the_digest_is_left(
    storage: SyncSessionStorage, digests: SyncSessionStorage, keys: SessionKeys, clock: Clock
) -> None:
    storage.create("twice", b"old", clock.after(days=1))
    storage.create("once", b"old", clock.after(days=1))
    other = SyncSessionStorage(
        digests._execution.engine, UserSession, clock=clock, keys=without_former(keys)
    )
    other.create("twice", b"new", clock.after(days=2))
    assert digests.take_over() == 1
    session = digests.load("twice")
    assert session is not None
    assert session.data == b"new"


def test_what_was_broken_off_is_continued(
    storage: SyncSessionStorage, digests: SyncSessionStorage, clock: Clock
) -> None:
    for number in range(4):
        storage.create(f"live-{number}", b"data", clock.after(days=1))

    def break_off(_total: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        digests.take_over(batch_size=3, on_batch=break_off)
    assert digests.take_over() == 1


def test_digests_are_left_alone(
    digests: SyncSessionStorage, engine: Engine, storage: SyncSessionStorage, clock: Clock
) -> None:
    for way in (hashed, keyed(SECRET)):
        other = SyncSessionStorage(engine, UserSession, clock=clock, keys=SessionKeys((way,)))
        other.create("id", b"data", clock.after(days=1))
    assert digests.take_over() == 0
    assert storage.delete_all() == 2


def test_a_storage_of_plain_ids_has_nothing_to_turn_them_into(
    storage: SyncSessionStorage,
) -> None:
    with pytest.raises(ConfigurationError, match="leave out hash_session_ids=False"):
        storage.take_over()


def test_sessions_are_counted_by_how_their_ids_are_spelled(
    storage: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    storage.create("plain:" * 8, b"data", clock.after(days=1))
    storage.create("expired", b"data", clock.now)
    way = keyed(SECRET)
    spellings = SessionKeys((hashed, way, way.unnamed(), way.unnamed())).spellings
    for number, spell in enumerate(spellings):
        other = SyncSessionStorage(engine, UserSession, clock=clock, keys=SessionKeys((spell,)))
        other.create(f"id-{number}", b"data", clock.after(days=1))
    named = way.prefix.removesuffix(":")
    counts = storage.count_keys()
    assert counts.ids == {"plain": 1, "sha256": 1, named: 1, "hmac-sha256": 2}
    assert counts.data in ({"unencrypted": 5}, {})
