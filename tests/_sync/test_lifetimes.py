# Generated from tests/_async/test_lifetimes.py (make generate): edit that, not this.
"""Sessions that have a lifetime of their own, verb by verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import SyncSessionStorage
from tests.support.models import FullSession

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from litestar_sessions import StoredSession
    from litestar_sessions._sql.details import SessionDetails
    from tests.support.clock import Clock

OWN = 90 * 86_400


@pytest.fixture
def living(engine: Engine, clock: Clock) -> SyncSessionStorage:
    """A storage with a session that has a lifetime of its own, and with one that has not."""
    details = ["lifetime", "persistent"]
    storage = SyncSessionStorage(engine, FullSession, clock=clock, details=details)
    storage.create_table()
    storage.delete_all()
    later = clock.after(minutes=1)
    own: SessionDetails = {"lifetime": OWN, "persistent": False}
    storage.create("own", b"data", later, details=own)
    storage.create("plain", b"data", later)
    return storage


def seconds_left(session: StoredSession | None, moment: datetime) -> float:
    assert session is not None
    return session.seconds_left(moment)


def test_a_row_says_what_its_lifetime_is(living: SyncSessionStorage) -> None:
    own, plain = living.load("own"), living.load("plain")
    assert own is not None
    assert plain is not None
    assert own.details == {"lifetime": OWN, "persistent": False}
    assert plain.details == {"lifetime": None, "persistent": None}


def test_whoever_renews_a_session_has_it_live_for_its_own_lifetime(
    living: SyncSessionStorage, clock: Clock
) -> None:
    for session_id, lifetime in (("own", OWN), ("plain", 600)):
        clock.advance(seconds=1)
        renewed = living.load_and_touch(session_id, clock.after(minutes=10))
        assert seconds_left(renewed, clock.now) == pytest.approx(lifetime, abs=0.001)
        assert seconds_left(living.load(session_id), clock.now) == pytest.approx(
            lifetime, abs=0.001
        )
        clock.advance(seconds=1)
        assert living.touch(session_id, clock.after(minutes=10))
        assert seconds_left(living.load(session_id), clock.now) == pytest.approx(
            lifetime, abs=0.001
        )


def test_an_expiry_that_was_reckoned_with_the_lifetime_is_taken(
    living: SyncSessionStorage, clock: Clock
) -> None:
    known: SessionDetails = {"lifetime_was": OWN, "persistent_was": False}
    assert living.touch("own", clock.after(minutes=5), details=known)
    assert seconds_left(living.load("own"), clock.now) == 300
    assert living.update("own", b"new", clock.after(minutes=6), details=known)
    assert seconds_left(living.load("own"), clock.now) == 360


def test_nothing_is_changed_if_the_lifetime_is_another_by_now(
    living: SyncSessionStorage, clock: Clock
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
        before = living.load(session_id)
        assert not living.touch(session_id, later, details=wrong)
        assert not living.update(session_id, b"new", later, details=wrong)
        assert not living.update(
            session_id, b"new", later, expected=b"data", new_id="new", details=wrong
        )
        assert living.load(session_id) == before


def test_it_is_changed_with_the_data_and_stays_when_the_id_is_rotated(
    living: SyncSessionStorage, clock: Clock
) -> None:
    change: SessionDetails = {
        "lifetime": 60,
        "persistent": None,
        "lifetime_was": OWN,
        "persistent_was": False,
    }
    assert living.update(
        "own", b"new", clock.after(minutes=1), expected=b"data", new_id="new", details=change
    )
    assert living.rotate("new", "newer")
    living.save("newer", b"saved", clock.after(minutes=2))
    found = living.load("newer")
    assert found is not None
    assert found.details == {"lifetime": 60, "persistent": None}
    assert found.data == b"saved"
    assert seconds_left(found, clock.now) == 120


def test_a_session_that_has_expired_is_not_renewed_for_its_lifetime(
    living: SyncSessionStorage, clock: Clock
) -> None:
    clock.advance(minutes=1)
    assert living.load_and_touch("own", clock.after(minutes=1)) is None
    assert not living.touch("own", clock.after(minutes=1))
    assert living.load("own") is None
