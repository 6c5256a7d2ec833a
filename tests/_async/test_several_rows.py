# The source of a generated twin: see CONTRIBUTING.md.
"""A session with several rows: processes of before know its ID by another spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import AsyncSessionStorage, SQLAlchemyAsyncConfig, StoredSession
from litestar_sessions._sql.keys import SessionKeys, hashed, keyed, plain
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock
    from tests.support.databases import Database

SPELLINGS = (keyed(b"secret"), hashed, plain)


class Rows:
    """A storage that knows three spellings, and one for each that knows it alone."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.storage = self._storage(engine, clock, *SPELLINGS)
        self.each = [self._storage(engine, clock, spell) for spell in SPELLINGS]

    def _storage(
        self, engine: AsyncEngine, clock: Clock, *spellings: Callable[[str], str]
    ) -> AsyncSessionStorage:
        keys = SessionKeys(spellings)
        return AsyncSessionStorage(engine, UserSession, clock=clock, keys=keys)

    async def write(self, clock: Clock, *minutes: int) -> None:
        """Write a row under each spelling; its data is the number of minutes that it lives."""
        await self.storage.delete_all()
        for each, number in zip(self.each, minutes, strict=True):
            await each.create("id", b"%d" % number, clock.after(minutes=number))

    async def count(self) -> int:
        """Return how many rows there were, and remove them."""
        return await self.storage.delete_all()


@pytest.fixture
async def rows(async_database: Database, clock: Clock) -> AsyncIterator[Rows]:
    config = SQLAlchemyAsyncConfig(async_database.url)
    rows = Rows(config.get_engine(), clock)
    await rows.storage.create_table()
    yield rows
    await config.dispose()


async def test_of_several_rows_the_one_that_was_written_last_is_the_session(
    rows: Rows, clock: Clock
) -> None:
    for minutes in ((30, 20, 10), (10, 30, 20), (20, 10, 30)):
        await rows.write(clock, *minutes)
        session = StoredSession(b"30", clock.after(minutes=30))
        loaded = await rows.storage.load("id")
        assert loaded == session
        assert await rows.storage.reload(loaded, "id") == session
        clock.advance(minutes=15)
        assert await rows.storage.load("id") == session
        clock.advance(minutes=15)
        assert await rows.storage.load("id") is None
        assert await rows.count() == 3


async def test_of_rows_that_expire_together_it_is_always_the_same_one(
    rows: Rows, clock: Clock
) -> None:
    await rows.storage.delete_all()
    for each, data in zip(rows.each, (b"a", b"b", b"c"), strict=True):
        await each.create("id", data, clock.after(minutes=10))
    loaded = await rows.storage.load("id")
    assert loaded is not None
    expires_at = clock.after(minutes=20)
    assert await rows.storage.update("id", b"new", expires_at, expected=loaded.data)
    assert await rows.count() == 1


async def test_whatever_writes_leaves_one_row_with_what_it_wrote(rows: Rows, clock: Clock) -> None:
    for minutes in ((30, 20, 10), (10, 30, 20), (20, 10, 30), (0, 0, 30), (30, 0, 0)):
        later = clock.after(minutes=40)
        old, new = StoredSession(b"30", later), StoredSession(b"new", later)
        await rows.write(clock, *minutes)
        await rows.storage.save("id", b"new", later)
        assert (await rows.each[0].load("id"), await rows.count()) == (new, 1)
        await rows.write(clock, *minutes)
        assert await rows.storage.update("id", b"new", later)
        assert (await rows.each[0].load("id"), await rows.count()) == (new, 1)
        await rows.write(clock, *minutes)
        assert await rows.storage.update("id", b"new", later, expected=b"30")
        assert (await rows.each[0].load("id"), await rows.count()) == (new, 1)
        await rows.write(clock, *minutes)
        assert await rows.storage.touch("id", later)
        assert (await rows.each[0].load("id"), await rows.count()) == (old, 1)
        await rows.write(clock, *minutes)
        assert await rows.storage.load_and_touch("id", later) == old
        assert (await rows.each[0].load("id"), await rows.count()) == (old, 1)


async def test_an_id_that_was_rotated_finds_none_of_its_rows(rows: Rows, clock: Clock) -> None:
    await rows.write(clock, 10, 20, 30)
    assert await rows.storage.rotate("id", "new")
    assert await rows.storage.load("id") is None
    assert await rows.storage.load("new") == StoredSession(b"30", clock.after(minutes=30))
    assert await rows.count() == 1


async def test_data_that_is_not_what_was_expected_is_replaced_in_no_row(
    rows: Rows, clock: Clock
) -> None:
    await rows.write(clock, 10, 20, 30)
    assert not await rows.storage.update("id", b"new", clock.after(minutes=40), expected=b"20")
    assert await rows.storage.load("id") == StoredSession(b"30", clock.after(minutes=30))


async def test_ending_a_session_ends_all_its_rows(rows: Rows, clock: Clock) -> None:
    await rows.write(clock, 10, 20, 30)
    await rows.storage.delete("id")
    assert await rows.count() == 0
    await rows.write(clock, 10, 20, 30)
    loaded = await rows.storage.load("id")
    assert loaded is not None
    await rows.storage.rotate("id", "new")
    await rows.each[2].create("id", b"again", clock.after(minutes=30))
    await rows.storage.discard(loaded, "id")
    assert await rows.count() == 0
    await rows.write(clock, 10, 20, 30)
    await rows.storage.discard(loaded)
    assert await rows.count() == 2


async def test_a_row_that_took_the_place_of_another_is_found_again(
    rows: Rows, clock: Clock
) -> None:
    await rows.write(clock, 10, 0, 0)
    loaded = await rows.storage.load("id")
    assert loaded is not None
    await rows.each[0].delete("id")
    assert await rows.storage.reload(loaded, "id") is None
    await rows.each[2].save("id", b"again", clock.after(minutes=30))
    session = await rows.storage.reload(loaded, "id")
    assert session == StoredSession(b"again", clock.after(minutes=30))
