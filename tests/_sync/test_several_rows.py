# Generated from tests/_async/test_several_rows.py (make generate): edit that, not this.
"""A session with several rows: processes of before know its ID by another spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import SyncSessionStorage, SQLAlchemySyncConfig, StoredSession
from litestar_sessions._sql.keys import SessionKeys, hashed, keyed, plain
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Callable

    from sqlalchemy import Engine

    from tests.support.clock import Clock
    from tests.support.databases import Database

SPELLINGS = (keyed(b"secret"), hashed, plain)


class Rows:
    """A storage that knows three spellings, and one for each that knows it alone."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.storage = self._storage(engine, clock, *SPELLINGS)
        self.each = [self._storage(engine, clock, spell) for spell in SPELLINGS]

    def _storage(
        self, engine: Engine, clock: Clock, *spellings: Callable[[str], str]
    ) -> SyncSessionStorage:
        keys = SessionKeys(spellings)
        return SyncSessionStorage(engine, UserSession, clock=clock, keys=keys)

    def write(self, clock: Clock, *minutes: int) -> None:
        """Write a row under each spelling; its data is the number of minutes that it lives."""
        self.storage.delete_all()
        for each, number in zip(self.each, minutes, strict=True):
            each.create("id", b"%d" % number, clock.after(minutes=number))

    def count(self) -> int:
        """Return how many rows there were, and remove them."""
        return self.storage.delete_all()


@pytest.fixture
def rows(sync_database: Database, clock: Clock) -> Iterator[Rows]:
    config = SQLAlchemySyncConfig(sync_database.url)
    rows = Rows(config.get_engine(), clock)
    rows.storage.create_table()
    yield rows
    config.dispose()


def test_of_several_rows_the_one_that_was_written_last_is_the_session(
    rows: Rows, clock: Clock
) -> None:
    for minutes in ((30, 20, 10), (10, 30, 20), (20, 10, 30)):
        rows.write(clock, *minutes)
        session = StoredSession(b"30", clock.after(minutes=30))
        loaded = rows.storage.load("id")
        assert loaded == session
        assert rows.storage.reload(loaded, "id") == session
        clock.advance(minutes=15)
        assert rows.storage.load("id") == session
        clock.advance(minutes=15)
        assert rows.storage.load("id") is None
        assert rows.count() == 3


def test_of_rows_that_expire_together_it_is_always_the_same_one(
    rows: Rows, clock: Clock
) -> None:
    rows.storage.delete_all()
    for each, data in zip(rows.each, (b"a", b"b", b"c"), strict=True):
        each.create("id", data, clock.after(minutes=10))
    loaded = rows.storage.load("id")
    assert loaded is not None
    expires_at = clock.after(minutes=20)
    assert rows.storage.update("id", b"new", expires_at, expected=loaded.data)
    assert rows.count() == 1


def test_whatever_writes_leaves_one_row_with_what_it_wrote(rows: Rows, clock: Clock) -> None:
    for minutes in ((30, 20, 10), (10, 30, 20), (20, 10, 30), (0, 0, 30), (30, 0, 0)):
        later = clock.after(minutes=40)
        old, new = StoredSession(b"30", later), StoredSession(b"new", later)
        rows.write(clock, *minutes)
        rows.storage.save("id", b"new", later)
        assert (rows.each[0].load("id"), rows.count()) == (new, 1)
        rows.write(clock, *minutes)
        assert rows.storage.update("id", b"new", later)
        assert (rows.each[0].load("id"), rows.count()) == (new, 1)
        rows.write(clock, *minutes)
        assert rows.storage.update("id", b"new", later, expected=b"30")
        assert (rows.each[0].load("id"), rows.count()) == (new, 1)
        rows.write(clock, *minutes)
        assert rows.storage.touch("id", later)
        assert (rows.each[0].load("id"), rows.count()) == (old, 1)
        rows.write(clock, *minutes)
        assert rows.storage.load_and_touch("id", later) == old
        assert (rows.each[0].load("id"), rows.count()) == (old, 1)


def test_an_id_that_was_rotated_finds_none_of_its_rows(rows: Rows, clock: Clock) -> None:
    rows.write(clock, 10, 20, 30)
    assert rows.storage.rotate("id", "new")
    assert rows.storage.load("id") is None
    assert rows.storage.load("new") == StoredSession(b"30", clock.after(minutes=30))
    assert rows.count() == 1


def test_data_that_is_not_what_was_expected_is_replaced_in_no_row(
    rows: Rows, clock: Clock
) -> None:
    rows.write(clock, 10, 20, 30)
    assert not rows.storage.update("id", b"new", clock.after(minutes=40), expected=b"20")
    assert rows.storage.load("id") == StoredSession(b"30", clock.after(minutes=30))


def test_ending_a_session_ends_all_its_rows(rows: Rows, clock: Clock) -> None:
    rows.write(clock, 10, 20, 30)
    rows.storage.delete("id")
    assert rows.count() == 0
    rows.write(clock, 10, 20, 30)
    loaded = rows.storage.load("id")
    assert loaded is not None
    rows.storage.rotate("id", "new")
    rows.each[2].create("id", b"again", clock.after(minutes=30))
    rows.storage.discard(loaded, "id")
    assert rows.count() == 0
    rows.write(clock, 10, 20, 30)
    rows.storage.discard(loaded)
    assert rows.count() == 2


def test_a_row_that_took_the_place_of_another_is_found_again(
    rows: Rows, clock: Clock
) -> None:
    rows.write(clock, 10, 0, 0)
    loaded = rows.storage.load("id")
    assert loaded is not None
    rows.each[0].delete("id")
    assert rows.storage.reload(loaded, "id") is None
    rows.each[2].save("id", b"again", clock.after(minutes=30))
    session = rows.storage.reload(loaded, "id")
    assert session == StoredSession(b"again", clock.after(minutes=30))
