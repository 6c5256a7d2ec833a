# The source of a generated twin: see CONTRIBUTING.md.
"""How many sessions there are, how large they are, and how many have been deleted so far."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from litestar_sessions import DataSizes, SessionCounts, TableSize

if TYPE_CHECKING:
    from litestar_sessions import AsyncSessionStorage
    from tests.support.clock import Clock

HOUR = timedelta(hours=1)


async def test_sessions_are_counted_by_age_and_by_when_they_were_seen(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    for _ in range(4):
        clock.advance(days=3)
        await storage.create(f"{clock.now}", b"data", clock.now + HOUR)
    clock.advance(minutes=30)
    await storage.touch(f"{clock.after(minutes=-30)}", clock.now + HOUR)
    assert await storage.count(lifetime=HOUR) == SessionCounts(
        live=1,
        expired=3,
        made={"hour": 1, "day": 1, "week": 3},
        seen={"hour": 1, "day": 1, "week": 3},
    )


async def test_an_empty_table_has_none(storage: AsyncSessionStorage) -> None:
    nobody = {"hour": 0, "day": 0, "week": 0}
    assert await storage.count() == SessionCounts(0, 0, nobody)


async def test_a_session_expires_at_one_moment_for_counting_and_loading(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("just now", b"data", clock.now)
    await storage.create("soon", b"data", clock.after(microseconds=1))
    counts = await storage.count()
    assert (counts.live, counts.expired) == (1, 1)


async def test_each_batch_is_told_and_an_error_ends_the_run(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    for number in range(5):
        await storage.create(f"expired {number}", b"data", clock.after(seconds=-number))
    told: list[int] = []

    def note(total: int) -> None:
        told.append(total)
        if total == 4:
            raise KeyError(total)

    with pytest.raises(KeyError):
        await storage.delete_expired(batch_size=2, on_batch=note)
    assert told == [2, 4]
    assert await storage.delete_expired() == 1


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([], DataSizes(None, None, None)),
        ([7], DataSizes(7, 7, 7)),
        ([3, 1, 2], DataSizes(2, 3, 3)),
        ([*range(1, 21), 100_000], DataSizes(11, 20, 100_000)),
    ],
)
async def test_data_is_measured_in_bytes(
    storage: AsyncSessionStorage, clock: Clock, lengths: list[int], sizes: DataSizes
) -> None:
    for number, length in enumerate(lengths):
        await storage.create(f"{number}", b"\xff" * length, clock.after(days=1))
    assert await storage.measure_data() == sizes


async def test_the_table_is_measured_where_the_database_tells(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("one", b"data" * 10_000, clock.after(days=1))
    size = await storage.measure_table()
    if size != TableSize(None, None):  # an SQLite that does not tell
        assert size.table is not None
        assert size.indexes is not None
        assert size.table > 0
        assert size.indexes > 0
