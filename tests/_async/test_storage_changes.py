# The source of a generated twin: see CONTRIBUTING.md.
"""The contract of a storage: verbs that change a session which is there, and find it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions import AsyncSessionStorage, SessionExistsError, StoredSession
from litestar_sessions._sql.expectations import DIGESTED_FROM

if TYPE_CHECKING:
    from tests.support.clock import Clock


async def test_touching_first_leaves_load_and_touch_as_it_is(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.save("id", b"data", clock.after(minutes=1))
    assert await storage.touch("id", clock.after(minutes=2))
    touched = await storage.load_and_touch("id", clock.after(minutes=3))
    assert touched == StoredSession(b"data", clock.after(minutes=3))
    assert await storage.touch("id", clock.after(minutes=4))


async def test_updating_replaces_what_was_expected(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"old", clock.after(minutes=20))
    assert await storage.update("id", b"new", clock.after(minutes=30), expected=b"old")
    assert await storage.load("id") == StoredSession(b"new", clock.after(minutes=30))


async def test_updating_without_an_expiry_leaves_it(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"old", clock.after(minutes=20))
    assert await storage.update("id", b"new", None, expected=b"old")
    assert await storage.load("id") == StoredSession(b"new", clock.after(minutes=20))


@pytest.mark.parametrize("expected", [b"old", None])
async def test_updating_to_another_id_without_an_expiry_leaves_it(
    storage: AsyncSessionStorage, clock: Clock, expected: bytes | None
) -> None:
    await storage.create("old", b"old", clock.after(minutes=20))
    assert await storage.update("old", b"new", None, expected=expected, new_id="new")
    assert await storage.load("old") is None
    assert await storage.load("new") == StoredSession(b"new", clock.after(minutes=20))


async def test_updating_to_the_same_data_is_an_update(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    assert await storage.update("id", b"data", clock.after(minutes=20), expected=b"data")


async def test_updating_does_not_undo_a_change(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("id", b"theirs", clock.after(minutes=20))
    assert not await storage.update("id", b"ours", clock.after(minutes=30), expected=b"old")
    assert await storage.load("id") == StoredSession(b"theirs", clock.after(minutes=20))


async def test_updating_tells_data_apart_by_case(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"DATA", clock.after(minutes=20))
    assert not await storage.update("id", b"ours", clock.after(minutes=30), expected=b"data")


async def test_updating_does_not_bring_back_a_deleted_session(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    assert not await storage.update("id", b"new", clock.after(minutes=20), expected=b"old")
    assert await storage.delete_all() == 0


async def test_updating_does_not_bring_back_an_expired_session(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"old", clock.now)
    assert not await storage.update("id", b"new", clock.after(minutes=20), expected=b"old")
    assert await storage.load("id") is None


async def test_touching_moves_the_expiry_alone(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    assert await storage.touch("id", clock.after(minutes=30))
    assert await storage.load("id") == StoredSession(b"data", clock.after(minutes=30))


async def test_touching_to_the_same_moment_finds_the_session(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    assert await storage.touch("id", clock.after(minutes=20))


async def test_touching_does_not_bring_a_session_back(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"data", clock.now)
    assert not await storage.touch("id", clock.after(minutes=20))
    assert not await storage.touch("unknown", clock.after(minutes=20))
    assert await storage.load("id") is None


async def test_loading_and_touching_does_both(storage: AsyncSessionStorage, clock: Clock) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    renewed = StoredSession(b"data", clock.after(minutes=30))
    assert await storage.load_and_touch("id", clock.after(minutes=30)) == renewed
    assert await storage.load("id") == renewed


async def test_loading_and_touching_does_not_bring_a_session_back(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"data", clock.now)
    assert await storage.load_and_touch("id", clock.after(minutes=20)) is None
    assert await storage.load_and_touch("unknown", clock.after(minutes=20)) is None
    assert await storage.load("id") is None


async def test_loading_and_touching_may_end_a_session(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("id", b"data", clock.after(minutes=20))
    ended = StoredSession(b"data", clock.now)
    assert await storage.load_and_touch("id", clock.now) == ended
    assert await storage.load("id") is None


async def test_rotating_gives_a_session_another_id(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("old", b"data", clock.after(minutes=20))
    assert await storage.rotate("old", "new")
    assert await storage.load("old") is None
    assert await storage.load("new") == StoredSession(b"data", clock.after(minutes=20))


async def test_rotating_does_not_bring_a_session_back(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("old", b"data", clock.now)
    assert not await storage.rotate("old", "new")
    assert not await storage.rotate("unknown", "new")
    assert await storage.load("new") is None


async def test_rotating_to_a_known_id_changes_neither_session(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    await storage.create("old-secret", b"old", clock.after(minutes=20))
    await storage.create("new-secret", b"new", clock.after(minutes=20))
    with pytest.raises(SessionExistsError) as raised:
        await storage.rotate("old-secret", "new-secret")
    assert await storage.load("old-secret") == StoredSession(b"old", clock.after(minutes=20))
    assert await storage.load("new-secret") == StoredSession(b"new", clock.after(minutes=20))
    assert "secret" not in str(raised.value)


async def test_reloading_finds_a_session_under_whatever_id(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    session = await storage.create("old", b"old", clock.after(minutes=20))
    assert await storage.reload(session) == session
    await storage.update("old", b"new", clock.after(minutes=30), new_id="new")
    reloaded = await storage.reload(session)
    assert reloaded == StoredSession(b"new", clock.after(minutes=30))
    assert reloaded is not None
    assert (session.key, reloaded.key) == ("old", "new")
    assert session.id == reloaded.id is not None


async def test_reloading_does_not_bring_a_session_back(
    storage: AsyncSessionStorage, clock: Clock
) -> None:
    expired = await storage.create("expired", b"data", clock.after(minutes=20))
    clock.advance(minutes=20)
    deleted = await storage.create("deleted", b"data", clock.after(minutes=20))
    await storage.delete("deleted")
    assert await storage.reload(expired) is None
    assert await storage.reload(deleted) is None


@pytest.mark.parametrize("size", [DIGESTED_FROM - 1, DIGESTED_FROM])
async def test_large_data_is_replaced_if_it_is_what_was_expected(
    storage: AsyncSessionStorage, clock: Clock, size: int
) -> None:
    old, new, expires_at = b"a" * size, b"b" * size, clock.after(minutes=20)
    await storage.create("id", old, expires_at)
    assert not await storage.update("id", new, expires_at, expected=b"b" + old[1:])
    assert not await storage.update("id", new, expires_at, expected=old[:-1] + b"b")
    assert await storage.update("id", new, expires_at, expected=old)
    session = await storage.load("id")
    assert session is not None
    assert session.data == new
    assert not await storage.update("id", old, expires_at, expected=old)
