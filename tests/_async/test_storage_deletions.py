# The source of a generated twin: see CONTRIBUTING.md.
"""The contract of a storage: verbs that delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from litestar_sessions import AsyncSessionStorage
    from tests.support.clock import Clock


async def test_discarding_removes_a_session_under_whatever_id(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    session = await storage.create("old", b"data", clock.after(minutes=20))
    await storage.create("other", b"data", clock.after(minutes=20))
    await storage.rotate("old", "new")
    await storage.discard(session)
    await storage.discard(session)
    assert await storage.load("new") is None
    assert await storage.load("other") is not None


async def test_a_deleted_session_is_gone(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    await storage.create("other", b"data", clock.after(minutes=20))
    await storage.delete("id")
    assert await storage.load("id") is None
    assert await storage.load("other") is not None


async def test_deleting_an_unknown_session_is_silent(storage: AsyncSessionStorage) -> None:
    await storage.delete("unknown")
    await storage.delete("unknown")


async def test_deleting_all_leaves_none(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("live", b"data", clock.after(minutes=20))
    await storage.create("expired", b"data", clock.now)
    assert await storage.delete_all() == 2
    assert await storage.delete_all() == 0
    assert await storage.load("live") is None


async def test_deleting_the_expired_removes_exactly_those(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("long ago", b"data", clock.after(days=-400))
    await storage.create("just now", b"data", clock.now)
    await storage.create("soon", b"data", clock.after(microseconds=1))
    assert await storage.delete_expired() == 2
    assert await storage.delete_expired() == 0
    assert await storage.load("soon") is not None


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 100])
async def test_the_expired_are_deleted_whatever_the_size_of_a_batch(
    storage: AsyncSessionStorage, clock: Clock, batch_size: int
) -> None:
    for number in range(4):
        await storage.create(f"expired {number}", b"data", clock.after(seconds=-number))
    await storage.create("live", b"data", clock.after(minutes=20))
    assert await storage.delete_expired(batch_size=batch_size) == 4
    assert await storage.load("live") is not None
