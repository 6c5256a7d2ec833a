# The source of a generated twin: see CONTRIBUTING.md.
"""The sessions of an owner: listed and ended, whoever the owner is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from litestar_sessions import (
    AsyncSessionStorage,
    ConfigurationError,
    SaveBy,
    SessionExistsError,
    SessionInfo,
)
from tests.support.at_once import async_at_once
from tests.support.models import FullSession
from tests.support.owners import DEEDS, OWNERS, Deed, Owners, details_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._sql.details import SessionDetails
    from tests.support.clock import Clock


async def ids_of(storage: AsyncSessionStorage, owner: str) -> list[Any]:
    return [info.id for info in await storage.list_owned(owner)]


async def test_owners_that_differ_at_all_are_different_owners(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    for number, owner in enumerate(OWNERS):
        await owning.create(f"id {number}", b"", clock.after(minutes=1), details={"owner": owner})
    for number, owner in enumerate(OWNERS):
        (info,) = await owning.list_owned(owner)
        assert info.owner == owner
        stored = await owning.load(f"id {number}")
        assert stored is not None
        assert stored.details == {"owner": owner}
        assert stored.id == info.id
    for owner in OWNERS:
        assert await owning.end_owned(owner) == 1
    assert await owning.delete_all() == 0


async def test_a_session_tells_what_its_owner_may_know(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    created = await owning.create(
        "id",
        b"data",
        clock.after(minutes=1),
        details={
            "owner": "Ann",
            "signed_in_at": clock.now,
            "user_agent": "Browser/1.0",
            "ip_address": "2001:db8::1",
        },
    )
    began = clock.now
    clock.advance(seconds=5)
    assert await owning.touch("id", clock.after(minutes=2), details={"ip_address": "192.0.2.1"})
    (info,) = await owning.list_owned("Ann")
    assert info == SessionInfo(
        id=created.id,
        owner="Ann",
        created_at=created.created_at,
        signed_in_at=began,
        last_seen_at=clock.now,
        expires_at=clock.after(minutes=2),
        user_agent="Browser/1.0",
        ip_address="192.0.2.1",
    )


@pytest.mark.usefixtures("owning")
async def test_whatever_writes_data_writes_the_owner_with_it(
    engine: AsyncEngine, clock: Clock, way: SaveBy
) -> None:
    later = clock.after(minutes=1)
    storage = AsyncSessionStorage(engine, FullSession, clock=clock, save_by=way, details=["owner"])
    for owner in ("Ann", "Änn", None, "Bob"):
        await storage.save("id", b"data", later, details={"owner": owner})
        assert await owner_of(storage) == owner
    await storage.save("id", b"data", later)
    assert await owner_of(storage) == "Bob"
    assert await storage.update("id", b"new", later, expected=b"data", details={"owner": "Ann "})
    assert await owner_of(storage) == "Ann "
    assert not await storage.update("id", b"x", later, expected=b"data", details={"owner": "Eve"})
    assert await owner_of(storage) == "Ann "
    assert await storage.update("id", b"x", later, details={"owner": "Ann"}, new_id="other")
    assert await ids_of(storage, "Ann ") == []
    assert len(await ids_of(storage, "Ann")) == 1
    with pytest.raises(SessionExistsError):
        await storage.create("other", b"", later, details={"owner": "Eve"})
    assert await ids_of(storage, "Eve") == []


async def owner_of(storage: AsyncSessionStorage) -> object:
    stored = await storage.load("id")
    assert stored is not None
    assert stored.details is not None
    return stored.details["owner"]


async def test_the_newest_come_first_and_a_limit_leaves_out_the_oldest(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    for number in range(4):
        when = None if number == 2 else clock.after(seconds=-number)
        details = {"owner": "Ann", "signed_in_at": when, "user_agent": str(number)}
        await owning.create(str(number), b"", clock.after(minutes=1), details=details)  # type: ignore[arg-type]  # a dictionary of these
    listed = [info.user_agent for info in await owning.list_owned("Ann")]
    assert listed == ["0", "1", "3", "2"]
    for limit, count in ((2, 2), (9, 4), (0, 0), (-1, 0)):
        assert len(await owning.list_owned("Ann", limit=limit)) == count


async def test_what_has_expired_is_neither_listed_nor_counted(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    await owning.create("old", b"", clock.after(seconds=1), details={"owner": "Ann"})
    await owning.create("new", b"", clock.after(seconds=2), details={"owner": "Ann"})
    clock.advance(seconds=1)
    assert len(await owning.list_owned("Ann")) == 1
    assert await owning.end_owned("Ann") == 1
    assert await owning.delete_expired() == 1


async def test_the_oldest_beyond_a_number_are_ended(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    for owner, times in (("Ann", 3), ("ann", 1)):
        for number in range(times):
            clock.advance(seconds=1)
            details: SessionDetails = {"owner": owner, "signed_in_at": clock.now}
            later = clock.after(minutes=1)
            await owning.create(f"{owner} {number}", b"data", later, details=details)
    assert await owning.end_oldest("Ann", 2) == 1
    assert await owning.load("Ann 0") is None
    assert await owning.end_oldest("Ann", 2) == 0
    assert len(await owning.list_owned("Ann")) == 2
    assert len(await owning.list_owned("ann")) == 1


async def test_one_session_is_ended_for_its_owner_only(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    later = clock.after(minutes=1)
    one = await owning.create("one", b"", later, details={"owner": "Ann"})
    other = await owning.create("other", b"", later, details={"owner": "Ann"})
    foreign = await owning.create("foreign", b"", later, details={"owner": "Bob"})
    assert await owning.end_owned("Ann", only=foreign.id) == 0
    assert await owning.end_owned("Ann", only=one.id) == 1
    assert await owning.end_owned("Ann", only=one.id) == 0
    assert await ids_of(owning, "Ann") == [other.id]
    assert await owning.end_owned("Ann", but=other.id) == 0
    assert await owning.end_owned("Ann", but=foreign.id) == 1
    assert await ids_of(owning, "Bob") == [foreign.id]


async def test_no_verb_keeps_a_session_of_an_owner_whose_sessions_are_ended(
    owning: AsyncSessionStorage, clock: Clock
) -> None:
    later = clock.after(minutes=20)
    mine: SessionDetails = {"owner": "Ann"}
    for _ in range(4):
        for name in ("saved", "touched", "rotated", "merged", "taken over", "left alone"):
            await owning.create(name, b"data", later, details=mine)
        await async_at_once(
            partial(owning.update, "saved", b"new", later, details=mine),
            partial(owning.load_and_touch, "touched", later),
            partial(owning.rotate, "rotated", "rotated anew"),
            partial(owning.end_owned, "Ann"),
            partial(owning.update, "merged", b"new", later, expected=b"data", new_id="merged anew"),
            partial(owning.update, "taken over", b"new", later, details={"owner": "Bob"}),
            partial(owning.end_oldest, "Ann", 2),
        )
        assert await owning.list_owned("Ann") == []
        assert await owning.end_owned("Bob") in {0, 1}
        assert await owning.delete_all() == 0


async def test_a_storage_without_owners_says_what_it_needs(storage: AsyncSessionStorage) -> None:
    with pytest.raises(ConfigurationError, match="UserSessionMixin"):
        await storage.list_owned("Ann")
    with pytest.raises(ConfigurationError, match="UserSessionMixin"):
        await storage.end_owned("Ann")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=DEEDS)
async def test_owners_have_the_sessions_that_a_dictionary_says(
    owning: AsyncSessionStorage, clock: Clock, history: list[Deed]
) -> None:
    await owning.delete_all()
    model = Owners()
    for deed in history:
        clock.advance(microseconds=1)
        await perform(owning, clock, model, deed)
        for owner in OWNERS[:4]:
            expected = [(await found(owning, each)).id for each in model.of(owner)]
            assert await ids_of(owning, owner) == expected, deed


async def found(storage: AsyncSessionStorage, session_id: str) -> Any:
    stored = await storage.load(session_id)
    assert stored is not None
    return stored


async def perform(storage: AsyncSessionStorage, clock: Clock, model: Owners, deed: Deed) -> None:
    """Do it to both."""
    own = model.of(deed.owner)
    if deed.verb in {"end", "end one", "end others", "oldest"}:
        if deed.owner is not None:
            await end(storage, model, deed, own)
        return
    later, details = clock.after(minutes=1), details_of(deed.owner, clock.now)
    expected = model.note(deed)
    try:
        if deed.verb == "update":
            done = await storage.update(
                deed.session_id, b"new", later, details=details, new_id=deed.new_id
            )
            assert done is expected
        elif deed.verb == "touch":
            assert await storage.touch(deed.session_id, later) is expected
        elif deed.verb == "delete":
            await storage.delete(deed.session_id)
        elif deed.verb == "save":
            await storage.save(deed.session_id, b"data", later, details=details)
        else:
            await storage.create(deed.session_id, b"data", later, details=details)
    except SessionExistsError:
        assert not expected


async def end(storage: AsyncSessionStorage, model: Owners, deed: Deed, own: list[str]) -> None:
    """End sessions of an owner, of both."""
    assert deed.owner is not None
    stored = await storage.load(deed.session_id)
    if deed.verb == "end":
        assert await storage.end_owned(deed.owner) == model.end(own)
    elif stored is None:
        return
    elif deed.verb == "end one":
        ended = [each for each in own if each == deed.session_id]
        assert await storage.end_owned(deed.owner, only=stored.id) == model.end(ended)
    elif deed.verb == "end others":
        ended = [each for each in own if each != deed.session_id]
        assert await storage.end_owned(deed.owner, but=stored.id) == model.end(ended)
    else:
        assert await storage.end_oldest(deed.owner, 2) == model.end(own[2:])
