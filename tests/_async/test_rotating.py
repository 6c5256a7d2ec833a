# The source of a generated twin: see CONTRIBUTING.md.
"""Sessions that have got another ID, and what finds them by the one of before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import AsyncSessionStorage, ConfigurationError
from litestar_sessions._sql.keys import PLAIN_KEYS, StoredKey, make_keys
from tests.support.models import FullSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.keys import SessionKeys
    from tests.support.clock import Clock

SECRETS = ["first" * 8, "second" * 8]
SPELLINGS = {
    "plain": PLAIN_KEYS,
    "keyed, and plain before": make_keys(hash_ids=True, secrets=SECRETS, take_over="plain"),
}


@pytest.fixture(params=SPELLINGS)
async def rotating(
    request: pytest.FixtureRequest, engine: AsyncEngine, clock: Clock
) -> AsyncSessionStorage:
    """A storage with a session that has got another ID, which has the session still."""
    keys = SPELLINGS[request.param]
    storage = AsyncSessionStorage(engine, FullSession, clock=clock, keys=keys)
    await storage.create_table()
    await storage.delete_all()
    await storage.create("old", b"data", clock.after(minutes=1))
    details = former("old", keys, clock)
    assert await storage.rotate("old", "new", details=details)
    return storage


def former(session_id: str, keys: SessionKeys, clock: Clock) -> SessionDetails:
    return {
        "former_session_id": keys.current(session_id),
        "rotated_at": clock.now,
        "rights_changed_at": None,
    }


async def test_a_session_is_found_by_the_id_of_before(
    rotating: AsyncSessionStorage, clock: Clock
) -> None:
    rotated_at = clock.now
    before = clock.after(seconds=-1)
    clock.advance(seconds=5)
    assert await rotating.load("old") is None
    ids = ["unknown", "new", "old", "another"]
    ((session_id, session),) = (await rotating.load_former(ids, before)).items()
    assert session_id == "old"
    assert session == await rotating.load("new")
    assert session.details is not None
    assert session.details["rights_changed_at"] is None
    assert session.details["rotated_at"] == rotated_at
    assert await rotating.load_former(["old"], rotated_at) == {}
    assert await rotating.load_former([], before) == {}
    clock.advance(minutes=1)
    assert await rotating.load_former(["old"], before) == {}


async def test_who_has_the_id_of_before_changes_the_row_by_its_key(
    rotating: AsyncSessionStorage, clock: Clock
) -> None:
    found = (await rotating.load_former(["old"], clock.after(seconds=-1)))["old"]
    key = StoredKey(found.key)
    later = clock.after(minutes=2)
    assert await rotating.update(key, b"changed", None, expected=b"data")
    assert await rotating.touch(key, later)
    session = await rotating.load("new")
    assert session is not None
    assert (session.data, session.expires_at) == (b"changed", later)
    assert await rotating.reload(found, key) == session
    assert await rotating.update(key, b"again", later, new_id="newer")
    assert await rotating.load("new") is None
    assert await rotating.load("newer") is not None
    assert not await rotating.update(key, b"late", later)


@pytest.mark.parametrize("verb", ["rotate", "update"])
async def test_whatever_rotates_without_a_word_leaves_no_id_of_before(
    rotating: AsyncSessionStorage, clock: Clock, verb: str
) -> None:
    if verb == "rotate":
        assert await rotating.rotate("new", "newer")
    else:
        assert await rotating.update("new", b"", clock.after(minutes=1), new_id="newer")
    assert await rotating.load_former(["old", "new"], clock.after(seconds=-1)) == {}


async def test_the_expiry_may_move_with_the_id(rotating: AsyncSessionStorage, clock: Clock) -> None:
    later = clock.after(minutes=5)
    assert await rotating.rotate("new", "newer", expires_at=later)
    session = await rotating.load("newer")
    assert session is not None
    assert (session.data, session.expires_at) == (b"data", later)


async def test_a_table_without_such_columns_is_refused(engine: AsyncEngine, clock: Clock) -> None:
    storage = AsyncSessionStorage(engine, UserSession, clock=clock)
    with pytest.raises(ConfigurationError, match="needs the columns former_session_id"):
        await storage.load_former(["old"], clock.now)
