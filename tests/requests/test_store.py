"""The sessions as a store of Litestar's, on both backends and every driver."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from litestar_sessions._requests.store import SessionStore

if TYPE_CHECKING:
    from tests.support.backends import Backend
    from tests.support.clock import Clock

HOUR = 3_600


@pytest.fixture
def store(backend: Backend, clock: Clock) -> SessionStore:
    return SessionStore(backend.storage, clock, timedelta(seconds=HOUR), backend.details_of)


async def test_what_is_set_is_there_for_a_lifetime(store: SessionStore, clock: Clock) -> None:
    await store.set("id", "text")
    assert await store.get("id") == b"text"
    assert await store.exists("id")
    assert await store.expires_in("id") == HOUR
    clock.advance(seconds=HOUR)
    assert await store.get("id") is None
    assert not await store.exists("id")
    assert await store.expires_in("id") is None


@pytest.mark.parametrize("seconds", [60, timedelta(minutes=1)], ids=["seconds", "timedelta"])
async def test_a_time_that_is_given_goes_first(
    store: SessionStore, clock: Clock, seconds: int | timedelta
) -> None:
    await store.set("id", b"data", expires_in=seconds)
    assert await store.expires_in("id") == 60
    clock.advance(seconds=30)
    assert await store.get("id") == b"data"
    assert await store.expires_in("id") == 30  # reading alone moves nothing
    assert await store.get("id", renew_for=seconds) == b"data"
    assert await store.expires_in("id") == 60


async def test_what_is_not_there_is_none_and_can_be_deleted(store: SessionStore) -> None:
    assert await store.get("id") is None
    assert await store.get("id", renew_for=60) is None
    await store.delete("id")


async def test_one_or_all_can_be_deleted(store: SessionStore) -> None:
    for key in ("one", "two", "three"):
        await store.set(key, b"data")
    await store.delete("one")
    assert [await store.exists(key) for key in ("one", "two", "three")] == [False, True, True]
    await store.delete_all()
    assert not await store.exists("two")
