# The source of a generated twin: see CONTRIBUTING.md.
"""Plain session IDs become digests while the application runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import AsyncSessionStorage, ConfigurationError
from litestar_sessions._sql.keys import SessionKeys, hashed, keyed, make_keys
from tests.support.models import UserSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock

SECRET = "of the new secret 32 bytes or more"
WAYS: dict[str, tuple[str, ...]] = {"sha256": (), "hmac-sha256": (SECRET,)}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def keys(request: pytest.FixtureRequest) -> SessionKeys:
    return make_keys(hash_ids=True, secrets=request.param, take_over="plain")


@pytest.fixture
def digests(keys: SessionKeys, engine: AsyncEngine, clock: Clock) -> AsyncSessionStorage:
    """A storage that takes over from the plain one, on the same table."""
    return AsyncSessionStorage(engine, UserSession, clock=clock, keys=keys)


def without_former(keys: SessionKeys) -> SessionKeys:
    return SessionKeys(keys.spellings[:1])


@pytest.mark.parametrize("batch_size", [1, 2, 100])
async def test_every_live_session_is_found_by_its_digest_alone(
    storage: AsyncSessionStorage,
    digests: AsyncSessionStorage,
    keys: SessionKeys,
    clock: Clock,
    batch_size: int,
) -> None:
    for number in range(5):
        await storage.create(f"live-{number}", b"data", clock.after(days=1))
    await storage.create("expired", b"data", clock.now)
    told: list[int] = []
    assert await digests.take_over(batch_size=batch_size, on_batch=told.append) == 5
    assert told[-1] == 5
    assert await digests.take_over() == 0
    afterwards = AsyncSessionStorage(
        digests._execution.engine, UserSession, clock=clock, keys=without_former(keys)
    )
    found = await afterwards.load_many([f"live-{number}" for number in range(5)])
    assert len(found) == 5
    assert await storage.load("live-0") is None


async def test_a_session_that_was_changed_meanwhile_keeps_its_change(
    storage: AsyncSessionStorage, digests: AsyncSessionStorage, clock: Clock
) -> None:
    for number in range(3):
        await storage.create(f"live-{number}", b"old", clock.after(days=1))
    await digests.update("live-1", b"new", clock.after(days=1))
    await digests.delete("live-2")
    assert await digests.take_over() == 1
    session = await digests.load("live-1")
    assert session is not None
    assert session.data == b"new"
    assert await digests.load("live-2") is None


async def test_a_second_row_under_the_digest_is_left(
    storage: AsyncSessionStorage, digests: AsyncSessionStorage, keys: SessionKeys, clock: Clock
) -> None:
    await storage.create("twice", b"old", clock.after(days=1))
    await storage.create("once", b"old", clock.after(days=1))
    other = AsyncSessionStorage(
        digests._execution.engine, UserSession, clock=clock, keys=without_former(keys)
    )
    await other.create("twice", b"new", clock.after(days=2))
    assert await digests.take_over() == 1
    session = await digests.load("twice")
    assert session is not None
    assert session.data == b"new"


async def test_what_was_broken_off_is_continued(
    storage: AsyncSessionStorage, digests: AsyncSessionStorage, clock: Clock
) -> None:
    for number in range(4):
        await storage.create(f"live-{number}", b"data", clock.after(days=1))

    def break_off(_total: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await digests.take_over(batch_size=3, on_batch=break_off)
    assert await digests.take_over() == 1


async def test_digests_are_left_alone(
    digests: AsyncSessionStorage, engine: AsyncEngine, storage: AsyncSessionStorage, clock: Clock
) -> None:
    for way in (hashed, keyed(SECRET)):
        other = AsyncSessionStorage(engine, UserSession, clock=clock, keys=SessionKeys((way,)))
        await other.create("id", b"data", clock.after(days=1))
    assert await digests.take_over() == 0
    assert await storage.delete_all() == 2


async def test_a_storage_of_plain_ids_has_nothing_to_turn_them_into(
    storage: AsyncSessionStorage,
) -> None:
    with pytest.raises(ConfigurationError, match="leave out hash_session_ids=False"):
        await storage.take_over()


async def test_sessions_are_counted_by_how_their_ids_are_spelled(
    storage: AsyncSessionStorage, engine: AsyncEngine, clock: Clock
) -> None:
    await storage.create("plain:" * 8, b"data", clock.after(days=1))
    await storage.create("expired", b"data", clock.now)
    way = keyed(SECRET)
    spellings = SessionKeys((hashed, way, way.unnamed(), way.unnamed())).spellings
    for number, spell in enumerate(spellings):
        other = AsyncSessionStorage(engine, UserSession, clock=clock, keys=SessionKeys((spell,)))
        await other.create(f"id-{number}", b"data", clock.after(days=1))
    named = way.prefix.removesuffix(":")
    counts = await storage.count_keys()
    assert counts.ids == {"plain": 1, "sha256": 1, named: 1, "hmac-sha256": 2}
    assert counts.data in ({"unencrypted": 5}, {})
