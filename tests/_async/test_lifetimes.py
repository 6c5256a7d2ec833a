# The source of a generated twin: see CONTRIBUTING.md.
"""Sessions that have a lifetime of their own, verb by verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import AsyncSessionStorage
from tests.support.models import FullSession

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions import StoredSession
    from litestar_sessions._sql.details import SessionDetails
    from tests.support.clock import Clock

OWN = 90 * 86_400


@pytest.fixture
async def living(engine: AsyncEngine, clock: Clock) -> AsyncSessionStorage:
    """A storage with a session that has a lifetime of its own, and with one that has not."""
    details = ["lifetime", "persistent"]
    storage = AsyncSessionStorage(engine, FullSession, clock=clock, details=details)
    await storage.create_table()
    await storage.delete_all()
    later = clock.after(minutes=1)
    own: SessionDetails = {"lifetime": OWN, "persistent": False}
    await storage.create("own", b"data", later, details=own)
    await storage.create("plain", b"data", later)
    return storage


def seconds_left(session: StoredSession | None, moment: datetime) -> float:
    assert session is not None
    return session.seconds_left(moment)


async def test_a_row_says_what_its_lifetime_is(living: AsyncSessionStorage) -> None:
    own, plain = await living.load("own"), await living.load("plain")
    assert own is not None
    assert plain is not None
    assert own.details == {"lifetime": OWN, "persistent": False}
    assert plain.details == {"lifetime": None, "persistent": None}


async def test_whoever_renews_a_session_has_it_live_for_its_own_lifetime(
    living: AsyncSessionStorage, clock: Clock
) -> None:
    for session_id, lifetime in (("own", OWN), ("plain", 600)):
        clock.advance(seconds=1)
        renewed = await living.load_and_touch(session_id, clock.after(minutes=10))
        assert seconds_left(renewed, clock.now) == pytest.approx(lifetime, abs=0.001)
        assert seconds_left(await living.load(session_id), clock.now) == pytest.approx(
            lifetime, abs=0.001
        )
        clock.advance(seconds=1)
        assert await living.touch(session_id, clock.after(minutes=10))
        assert seconds_left(await living.load(session_id), clock.now) == pytest.approx(
            lifetime, abs=0.001
        )


async def test_an_expiry_that_was_reckoned_with_the_lifetime_is_taken(
    living: AsyncSessionStorage, clock: Clock
) -> None:
    known: SessionDetails = {"lifetime_was": OWN, "persistent_was": False}
    assert await living.touch("own", clock.after(minutes=5), details=known)
    assert seconds_left(await living.load("own"), clock.now) == 300
    assert await living.update("own", b"new", clock.after(minutes=6), details=known)
    assert seconds_left(await living.load("own"), clock.now) == 360


async def test_nothing_is_changed_if_the_lifetime_is_another_by_now(
    living: AsyncSessionStorage, clock: Clock
) -> None:
    later = clock.after(minutes=9)
    cases: list[tuple[str, SessionDetails]] = [
        ("own", {"lifetime_was": None, "persistent_was": False}),
        ("own", {"lifetime_was": OWN + 1, "persistent_was": False}),
        ("own", {"lifetime_was": OWN, "persistent_was": None}),
        ("own", {"lifetime_was": OWN, "persistent_was": True}),
        ("plain", {"lifetime_was": OWN, "persistent_was": None}),
        ("plain", {"lifetime_was": None, "persistent_was": False}),
    ]
    for session_id, wrong in cases:
        before = await living.load(session_id)
        assert not await living.touch(session_id, later, details=wrong)
        assert not await living.update(session_id, b"new", later, details=wrong)
        assert not await living.update(
            session_id, b"new", later, expected=b"data", new_id="new", details=wrong
        )
        assert await living.load(session_id) == before


async def test_it_is_changed_with_the_data_and_stays_when_the_id_is_rotated(
    living: AsyncSessionStorage, clock: Clock
) -> None:
    change: SessionDetails = {
        "lifetime": 60,
        "persistent": None,
        "lifetime_was": OWN,
        "persistent_was": False,
    }
    assert await living.update(
        "own", b"new", clock.after(minutes=1), expected=b"data", new_id="new", details=change
    )
    assert await living.rotate("new", "newer")
    await living.save("newer", b"saved", clock.after(minutes=2))
    found = await living.load("newer")
    assert found is not None
    assert found.details == {"lifetime": 60, "persistent": None}
    assert found.data == b"saved"
    assert seconds_left(found, clock.now) == 120


async def test_a_session_that_has_expired_is_not_renewed_for_its_lifetime(
    living: AsyncSessionStorage, clock: Clock
) -> None:
    clock.advance(minutes=1)
    assert await living.load_and_touch("own", clock.after(minutes=1)) is None
    assert not await living.touch("own", clock.after(minutes=1))
    assert await living.load("own") is None
