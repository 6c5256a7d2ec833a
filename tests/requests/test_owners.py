"""Whose a session is: kept by its data, and with another owner goes another session ID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from litestar import post
from sqlalchemy import select, update

from litestar_sessions import (
    ConfigurationError,
    SessionPlugin,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    save_session,
)
from tests.support.models import FullSession, UserSession
from tests.support.people import Visit, open_people, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site

MEMORY = ("sqlite+aiosqlite://", "sqlite://")


@pytest.fixture(params=MEMORY)
async def site(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Site]:
    async with open_people(request.param, clock) as site:
        yield site


async def owners(site: Site) -> list[Any]:
    """Return what the rows say of their owners."""
    return [row[0] for row in await site._execute(select(FullSession.owner))]


async def test_signing_in_gives_a_new_id_where_no_handler_asks_for_one(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as site, site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        planted = client.cookies["session"]
        assert await owners(site) == [None]
        mine = await sign_in(client)
        assert mine != planted
        assert await owners(site) == ["Ann"]
        async with site.visitor(planted) as attacker:
            assert (await attacker.get("/")).json() == {}
        assert (await client.get("/")).json() == {"cart": 1, "user_id": "Ann"}


async def test_each_change_of_the_owner_gives_a_new_id_and_no_other_change_does(
    site: Site,
) -> None:
    async with site.visitor() as client:
        seen = [await sign_in(client)]
        await client.post("/set", json={"cart": 1})
        assert await sign_in(client) == seen[-1]
        seen += [await sign_in(client, owner) for owner in ("Bob", "bob", 7, "7 ")]
        assert await sign_in(client, "7 ") == seen[-1]
        await client.post("/remove", json=["user_id"])
        seen.append(client.cookies["session"])
        assert len(set(seen)) == len(seen)
        assert await owners(site) == [None]
        assert (await client.get("/")).json() == {"cart": 1}


async def test_a_session_that_begins_signed_in_says_whose_it_is(site: Site) -> None:
    for owner in ("Ann", "Änn", 42, "ann " * 100):
        async with site.visitor() as client:
            await sign_in(client, owner)
            (info,) = (await client.get("/devices")).json()
            assert info["owner"] == str(owner)


async def test_a_function_may_tell_the_owner(clock: Clock) -> None:
    def find(session: dict[str, Any]) -> str | None:
        return f"{session['team']}/{session['name']}" if "name" in session else None

    async with open_people(MEMORY[0], clock, owner=find) as site, site.visitor() as client:
        await client.post("/set", json={"team": "red"})
        former = client.cookies["session"]
        await client.post("/set", json={"name": "Ann"})
        assert client.cookies["session"] != former
        assert await owners(site) == ["red/Ann"]


async def test_what_cannot_be_an_owner_is_an_error_and_nothing_is_stored(site: Site) -> None:
    for owner in (True, 1.5, ["Ann"], {"name": "Ann"}):
        async with site.visitor() as client:
            assert (await client.post("/set", json={"user_id": owner})).status_code == 500
    assert await site.rows() == 0


async def test_merging_that_makes_an_owner_of_two_changes_rotates(clock: Clock) -> None:
    """Neither request signs anybody in, and both together do."""

    def find(session: dict[str, Any]) -> str | None:
        return "Ann" if session.keys() >= {"password", "code"} else None

    async with open_people(MEMORY[0], clock, owner=find, route_handlers=[save_twice]) as site:
        async with site.visitor() as client:
            await client.post("/set", json={"password": True})
            planted = client.cookies["session"]
            async with site.visitor(planted) as other:
                site.app.state.other = other
                response = await client.post("/save-twice", json={"code": True})
                assert response.status_code == 201
            assert client.cookies["session"] != planted
        assert await owners(site) == ["Ann"]


@post("/save-twice")
async def save_twice(request: Visit) -> None:
    request.session.pop("password")
    await save_session(request)
    await request.app.state.other.post("/set", json={"password": True})
    request.session["code"] = True


async def test_how_long_ago_somebody_signed_in_is_known(site: Site, clock: Clock) -> None:
    async def is_recent(client: Any) -> Any:
        return (await client.get("/recent", params={"seconds": 300})).json()

    async with site.visitor() as client:
        assert not await is_recent(client)
        await client.post("/set", json={"cart": 1})
        assert not await is_recent(client)
        await sign_in(client)
        assert await is_recent(client)
        clock.advance(seconds=300)
        assert await is_recent(client)
        await client.post("/set", json={"cart": 2})
        clock.advance(seconds=1)
        assert not await is_recent(client)
        await sign_in(client, "Bob")
        assert await is_recent(client)
        await client.post("/remove", json=["user_id"])
        assert not await is_recent(client)


async def test_a_session_of_before_gets_its_owner_when_it_is_next_read(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as site, site.visitor() as client:
        session_id = await sign_in(client)
        await site._execute(update(FullSession).values(owner=None, signed_in_at=None))
        assert (await client.get("/")).json() == {"user_id": "Ann"}
        assert client.cookies["session"] == session_id
        assert await owners(site) == ["Ann"]
        assert not (await client.get("/recent", params={"seconds": 300})).json()


@pytest.mark.parametrize("url", MEMORY)
async def test_whoever_sets_data_below_requests_sets_the_owner_too(url: str, clock: Clock) -> None:
    async with open_people(url, clock) as site:
        await site.backend.set("a" * 64, b'{"user_id":"Ann"}')
        await site.backend.as_store().set("b" * 64, b'{"user_id":"Bob"}')
        assert sorted(await owners(site)) == ["Ann", "Bob"]
        await site.backend.set("a" * 64, b'{"user_id":"Eve"}')
        await site.backend.as_store().set("b" * 64, b"no session")
        assert sorted(await owners(site), key=str) == ["Eve", None]
        async with site.visitor("a" * 64) as client:
            assert not (await client.get("/recent", params={"seconds": 300})).json()


@pytest.mark.parametrize("url", MEMORY)
async def test_a_class_that_seals_its_data_has_owners_too(url: str, clock: Clock) -> None:
    def sealing(base: Any) -> Any:
        class Sealing(base):  # type: ignore[misc]  # of either half
            async def get(self, session_id: str, store: Any = None) -> bytes | None:
                data = await super().get(session_id, store)
                return None if data is None else data[::-1]

            async def set(self, session_id: str, data: bytes, store: Any = None) -> None:
                await super().set(session_id, data[::-1], store)

        return Sealing

    async with open_people(url, clock, subclass=sealing) as site, site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        planted = client.cookies["session"]
        assert await sign_in(client) != planted
        assert await owners(site) == ["Ann"]
        assert len((await client.get("/devices")).json()) == 1
        assert (await client.post("/end-all")).json() == 1
        assert await site.rows() == 0


def test_a_model_without_the_columns_is_refused_with_the_migration() -> None:
    alchemy = SQLAlchemySyncConfig("sqlite://")
    for settings, names in (
        (
            {"owner": "user_id"},
            "owner='user_id' needs the columns owner, owner_bytes, signed_in_at",
        ),
        ({"owner": lambda _: "Ann"}, "owner= needs the columns owner"),
        ({"record_client": True}, "record_client needs the columns user_agent, ip_address"),
    ):
        with pytest.raises(ConfigurationError, match=names) as raised:
            SQLAlchemySessionConfig(alchemy_config=alchemy, model=UserSession, **settings)
        assert "op.add_column('user_sessions'" in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"max_sessions_per_owner": 3}, "needs owners: set owner='user_id'"),
        ({"owner": "user_id", "max_sessions_per_owner": 0}, "choose at least 1"),
        ({"owner": "user_id", "max_sessions_per_owner": "3"}, "a number of sessions"),
        ({"owner": 7}, "a key of the session"),
        ({"record_client": "yes"}, "True, or a function"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ConfigurationError, match=remedy):
        SessionPlugin("sqlite://", **settings)
