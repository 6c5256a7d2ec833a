# The source of a generated twin: see CONTRIBUTING.md.
"""Verbs that meet at the same moment: no error reaches the caller, nothing newer is destroyed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from litestar_sessions import AsyncSessionStorage, SessionExistsError
from tests.support.at_once import async_at_once

if TYPE_CHECKING:
    from tests.support.clock import Clock

TIMES = range(12)


async def test_all_may_save_one_session(saving: AsyncSessionStorage, clock: Clock) -> None:
    expires_at = clock.after(minutes=20)
    await async_at_once(*(partial(saving.save, "id", b"%d" % n, expires_at) for n in TIMES))
    session = await saving.load("id")
    assert session is not None
    assert session.data in {b"%d" % n for n in TIMES}
    assert await saving.delete_all() == 1


async def test_saving_and_deleting_one_session(saving: AsyncSessionStorage, clock: Clock) -> None:
    save = partial(saving.save, "id", b"data", clock.after(minutes=20))
    delete = partial(saving.delete, "id")
    for _ in range(4):
        await async_at_once(*([save, delete] * 6))
    await saving.save("id", b"last", clock.after(minutes=20))
    session = await saving.load("id")
    assert session is not None
    assert session.data == b"last"


async def test_one_of_many_creates_a_session(storage: AsyncSessionStorage, clock: Clock) -> None:
    async def create(number: int) -> bool:
        try:
            await storage.create("id", b"%d" % number, clock.after(minutes=20))
        except SessionExistsError:
            return False
        return True

    created = await async_at_once(*(partial(create, number) for number in TIMES))
    session = await storage.load("id")
    assert session is not None
    assert created == [session.data == b"%d" % number for number in TIMES]


async def test_one_of_many_updates_what_all_have_loaded(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    await storage.create("id", b"old", expires_at)

    async def update(number: int) -> bool:
        return await storage.update("id", b"%d" % number, expires_at, expected=b"old")

    outcomes = await async_at_once(*(partial(update, number) for number in TIMES))
    winner = outcomes.index(True)
    session = await storage.load("id")
    assert session is not None
    assert session.data == b"%d" % winner
    assert outcomes.count(True) == 1


async def test_one_of_many_rotates_a_session(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("old", b"data", clock.after(minutes=20))
    rotated = await async_at_once(*(partial(storage.rotate, "old", f"new {n}") for n in TIMES))
    assert rotated.count(True) == 1
    assert await storage.load(f"new {rotated.index(True)}") is not None
    assert await storage.delete_all() == 1


async def test_no_verb_brings_back_what_another_deletes(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    for _ in range(4):
        await storage.create("id", b"data", expires_at)
        await async_at_once(
            partial(storage.touch, "id", expires_at),
            partial(storage.load_and_touch, "id", expires_at),
            partial(storage.update, "id", b"new", expires_at, expected=b"data"),
            partial(storage.delete, "id"),
            partial(storage.touch, "id", expires_at),
            partial(storage.load, "id"),
        )
        assert await storage.load("id") is None


@pytest.mark.parametrize("batch_size", [3, 1_000])
async def test_many_may_delete_the_expired_at_once(
    storage: AsyncSessionStorage, clock: Clock, batch_size: int
) -> None:
    for number in range(20):
        await storage.create(f"expired {number}", b"data", clock.now)
    await storage.create("live", b"data", clock.after(minutes=20))
    counts = await async_at_once(
        *(partial(storage.delete_expired, batch_size=batch_size) for _ in range(4))
    )
    assert sum(counts) == 20
    assert await storage.delete_all() == 1


async def test_a_session_that_is_revived_meanwhile_is_not_deleted_as_expired(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    for round_ in range(4):
        for number in range(6):
            await storage.save(f"id {number}", b"old", clock.now)
        save = [
            partial(storage.save, f"id {n}", b"%d" % round_, clock.after(minutes=20))
            for n in range(6)
        ]
        await async_at_once(*save, storage.delete_expired)
        for number in range(6):
            session = await storage.load(f"id {number}")
            assert session is not None
            assert session.data == b"%d" % round_
