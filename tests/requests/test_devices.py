"""Where a visitor is signed in: listed, and ended from here or from elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from litestar import post
from sqlalchemy import event

from litestar_sessions import (
    ConfigurationError,
    SessionDatabaseError,
    end_all_sessions,
    list_sessions,
)
from tests.requests.test_owners import MEMORY
from tests.requests.test_races import hold
from tests.support.people import Visit, open_people, sign_in
from tests.support.roundtrips import StatementCounter, counting
from tests.support.site import open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site


@pytest.fixture(params=MEMORY)
async def site(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Site]:
    async with open_people(request.param, clock) as site:
        yield site


async def devices(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    response = await client.get("/devices", params=query)
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.json()
    return found


async def is_signed_in(client: httpx.AsyncClient) -> bool:
    return "user_id" in (await client.get("/")).json()


async def test_a_visitor_sees_all_of_their_sessions_and_nobody_elses(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as site:
        phone, laptop, bob = site.visitor(), site.visitor(), site.visitor()
        for client, owner in ((phone, "Ann"), (laptop, "Ann"), (bob, "ann")):
            await sign_in(client, owner)
            clock.advance(seconds=1)
        newest, oldest = await devices(laptop)
        assert (newest["is_current"], oldest["is_current"]) == (True, False)
        assert newest["signed_in_at"] > oldest["signed_in_at"]
        assert len(await devices(laptop, limit=1)) == 1
        assert len(await devices(bob)) == 1
        assert not any(laptop.cookies["session"] in str(value) for value in newest.values())


async def test_a_session_that_is_ended_is_ended_at_once(site: Site) -> None:
    phone, laptop, bob = site.visitor(), site.visitor(), site.visitor()
    for client, owner in ((phone, "Ann"), (laptop, "Ann"), (bob, "Bob")):
        await sign_in(client, owner)
    (other,) = [info["id"] for info in await devices(laptop) if not info["is_current"]]
    assert (await bob.delete(f"/devices/{other}")).json() is False
    assert await is_signed_in(phone)
    assert (await laptop.delete(f"/devices/{other}")).json() is True
    assert not await is_signed_in(phone)
    assert (await laptop.delete(f"/devices/{other}")).json() is False
    assert (await laptop.delete("/devices/no-such-thing")).json() is False
    assert await is_signed_in(laptop)


async def test_whoever_ends_the_own_session_is_signed_out_with_the_response(site: Site) -> None:
    async with site.visitor() as client:
        await sign_in(client)
        (own,) = await devices(client)
        response = await client.delete(f"/devices/{own['id']}")
        assert response.json() is True
        assert "Max-Age=0" in response.headers["set-cookie"]
        assert "session" not in client.cookies
        assert await site.rows() == 0


async def test_a_changed_password_leaves_the_session_that_changed_it(site: Site) -> None:
    others = [site.visitor() for _ in range(3)]
    for client in others:
        await sign_in(client)
    async with site.visitor() as client, site.visitor() as bob:
        await sign_in(client)
        await sign_in(bob, "Bob")
        assert (await client.post("/end-others")).json() == 3
        assert await is_signed_in(client)
        assert await is_signed_in(bob)
        assert (await client.post("/end-others")).json() == 0
    assert not any([await is_signed_in(client) for client in others])


async def test_all_sessions_are_ended_this_one_too(site: Site) -> None:
    async with site.visitor() as one, site.visitor() as other, site.visitor() as bob:
        for client, owner in ((one, "Ann"), (other, "Ann"), (bob, "Bob")):
            await sign_in(client, owner)
        response = await one.post("/end-all")
        assert response.json() == 2
        assert "Max-Age=0" in response.headers["set-cookie"]
        assert not await is_signed_in(one)
        assert not await is_signed_in(other)
        assert await is_signed_in(bob)
        assert await site.rows() == 1


async def test_nobody_has_nothing_and_can_end_nothing(site: Site) -> None:
    asked: list[str] = []
    async with site.visitor() as bob, site.visitor() as stranger, site.visitor() as client:
        await sign_in(bob, "Bob")
        (his,) = await devices(bob)
        await client.post("/set", json={"cart": 1})
        event.listen(site.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        for nobody in (stranger, client):
            assert await devices(nobody) == []
            assert (await nobody.delete(f"/devices/{his['id']}")).json() is False
            assert (await nobody.post("/end-others")).json() == 0
            assert (await nobody.post("/end-all")).json() == 0
            assert not (await nobody.get("/recent", params={"seconds": 9})).json()
        assert all(statement.startswith("SELECT") for statement in asked)
        assert len(asked) == 5  # the loading of the session that has a cart
        assert await is_signed_in(bob)
        assert (await client.get("/")).json() == {"cart": 1}


async def test_a_response_that_lists_sessions_is_stored_by_no_cache_for_others(site: Site) -> None:
    async with site.visitor() as stranger:
        assert "cookie" in (await stranger.get("/devices")).headers["vary"].lower()


async def test_functions_for_owners_say_that_there_are_none(clock: Clock) -> None:
    async with open_site("sqlite://", is_async=False, clock=clock) as site:
        with pytest.raises(ConfigurationError, match="set owner='user_id'"):
            await list_sessions(Visit(opened(site)))
        with pytest.raises(SessionDatabaseError, match="UserSessionMixin"):
            await site.config.list_sessions("Ann")


_SCOPE: dict[str, Any] = {"type": "http", "headers": [], "path": "/"}


def opened(site: Site) -> Any:
    scope: Any = {**_SCOPE, "state": {}, "app": site.app}
    session = site.backend.open_session(scope)
    return {**scope, "session": session.shown.show({})}


async def test_scripts_list_and_end_sessions_without_a_connection(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as site:
        one, other, bob = site.visitor(), site.visitor(), site.visitor()
        for client, owner in ((one, "Änn "), (other, "Änn "), (bob, 7)):
            await sign_in(client, owner)
        infos = await site.config.list_sessions("Änn ")
        assert [(info.owner, info.is_current) for info in infos] == [("Änn ", False)] * 2
        assert len(await site.config.list_sessions("Änn ", limit=1)) == 1
        assert await site.config.list_sessions("Änn") == []
        assert await site.config.end_sessions("Änn ") == 2
        assert not await is_signed_in(one)
        assert not await is_signed_in(other)
        assert len(await site.config.list_sessions(7)) == 1
        assert await site.config.end_sessions("7") == 1
        assert await site.config.end_sessions("7") == 0


async def test_a_session_beyond_its_absolute_timeout_is_not_listed(clock: Clock) -> None:
    async with open_people(MEMORY[0], clock) as site, site.visitor() as client:
        await sign_in(client)
        clock.advance(seconds=20)
        await client.post("/set", json={"cart": 1})
        site.config.absolute_timeout = 10
        assert await site.config.list_sessions("Ann") == []


@pytest.mark.parametrize("most", [1, 3])
async def test_signing_in_ends_the_oldest_sessions_beyond_the_limit(
    any_database: tuple[bool, Database], clock: Clock, most: int
) -> None:
    async with open_people(any_database, clock, max_sessions_per_owner=most) as site:
        clients = [site.visitor() for _ in range(most + 2)]
        await clients[-1].post("/set", json={"cart": 1})  # created first, signed in last
        async with site.visitor() as bob:
            await sign_in(bob, "Bob")
            for client in clients:
                clock.advance(seconds=1)
                await sign_in(client)
            signed_in = [await is_signed_in(client) for client in clients]
            assert signed_in == [False] * 2 + [True] * most
            await clients[-1].post("/set", json={"cart": 2})
            assert await is_signed_in(bob)


async def test_sign_ins_at_once_leave_as_many_sessions_as_there_may_be(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock, max_sessions_per_owner=2) as site:
        clients = [site.visitor() for _ in range(6)]
        await asyncio.gather(*(sign_in(client) for client in clients))
        assert len(await site.config.list_sessions("Ann")) == 2


async def test_where_somebody_came_from_is_kept_only_where_that_is_wanted(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    people = open_people(any_database, clock, record_client=True)
    async with people as site, site.visitor() as client:
        client.headers["user-agent"] = "Browser/1.0 \xe9" + "x" * 600
        await sign_in(client)
        (info,) = await devices(client)
        assert info["user_agent"] == ("Browser/1.0 ??" + "x" * 600)[:512]
        assert info["ip_address"] == "127.0.0.1"
        seen = info["last_seen_at"]
        client.headers["user-agent"] = "Browser/2.0"
        clock.advance(seconds=900)  # a renewal is due
        await client.get("/")
        (info,) = await devices(client)
        assert info["user_agent"] == "Browser/2.0"
        assert info["last_seen_at"] > seen


async def test_by_default_nothing_is_kept_of_a_client_but_when_it_was_seen(site: Site) -> None:
    async with site.visitor() as client:
        await sign_in(client)
        (info,) = await devices(client)
        assert (info["user_agent"], info["ip_address"]) == (None, None)
        assert info["last_seen_at"] is not None


async def test_behind_a_proxy_a_function_tells_the_address(clock: Clock) -> None:
    def find(connection: Any) -> Any:
        return connection.headers.get("x-real-ip")

    cases = (("2001:db8::1", "2001:db8::1"), ("9" * 99, "9" * 64), (None, None))
    people = open_people(MEMORY[0], clock, record_client=find)
    async with people as site, site.visitor() as client:
        for sent, kept in cases:
            client.headers.pop("x-real-ip", None)
            client.headers.update({} if sent is None else {"x-real-ip": sent})
            await client.post("/set", json={"user_id": "Ann", "n": str(sent)})
            (info,) = await devices(client)
            assert info["ip_address"] == kept


COSTS = {
    "sign-in of a newcomer": 1,
    "sign-in with rotation": 2,
    "read-only": 1,
    "changed": 2,
    "list": 2,
    "end one": 2,
    "end others": 2,
    "end all": 2,
}


async def test_each_function_is_one_statement_and_reading_costs_what_it_did(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    costs: dict[str, int] = {}

    async def cost(kind: str, client: Any, method: str, path: str, body: Any = None) -> None:
        counter.reset()
        assert (await client.request(method, path, json=body)).is_success
        costs[kind] = counter.count

    is_async, database = any_database
    with counting(database) as (counter, url):
        async with open_people(
            (is_async, replace(database, url=url)), clock, record_client=True
        ) as site:
            if isinstance(counter, StatementCounter):
                await site.dispose()
                counter.watch(site.engine)
            for _ in range(8):
                async with site.visitor() as client, site.visitor() as other:
                    await other.post("/set", json={"cart": 1})
                    await cost("sign-in with rotation", other, "POST", "/set", {"user_id": "Ann"})
                    await cost("sign-in of a newcomer", client, "POST", "/set", {"user_id": "Ann"})
                    await cost("read-only", client, "GET", "/")
                    await cost("changed", client, "POST", "/set", {"cart": 1})
                    (found,) = [i for i in await devices(client) if not i["is_current"]]
                    await cost("list", client, "GET", "/devices")
                    await cost("end one", client, "DELETE", f"/devices/{found['id']}")
                    await cost("end others", client, "POST", "/end-others")
                    await cost("end all", client, "POST", "/end-all")
    assert costs == COSTS


SLOW = {
    "a save": ("/set?hold=1", {"cart": 1}),
    "a rotation": ("/rotate?hold=1", {"cart": 1}),
    "another sign-in": ("/set?hold=1", {"user_id": "Bob"}),
    "ending the others": ("/end-others?hold=1", None),
}


@pytest.mark.parametrize("slow", SLOW)
async def test_a_request_under_way_brings_nothing_back_that_was_ended(
    any_database: tuple[bool, Database], clock: Clock, slow: str
) -> None:
    path, body = SLOW[slow]
    async with open_people(any_database, clock) as site, site.visitor() as client:
        session_id = await sign_in(client)
        task = await hold(site, session_id, path, body)
        assert await site.config.end_sessions("Ann") == 1
        site.gate.open()
        response = await task
        assert response.status_code == 201
        assert await site.rows() == 0
        if slow != "ending the others":
            assert "Max-Age=0" in response.headers["set-cookie"]


async def test_a_merge_under_way_brings_nothing_back(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    """Between its first try, which another request forestalled, and its second."""
    async with open_people(any_database, clock) as site, site.visitor() as client:
        session_id = await sign_in(client)
        task = await hold(site, session_id, "/set?hold=1", {"mine": 1})
        await client.post("/set", json={"theirs": 1})
        reload = site.backend.storage.reload

        async def end_then_reload(*args: Any) -> Any:
            found = await reload(*args)
            ended.append(await site.config.end_sessions("Ann"))
            return found

        ended: list[int] = []

        site.backend.storage.reload = end_then_reload
        site.gate.open()
        assert (await task).status_code == 201
        assert ended == [1, 0]
        assert await site.rows() == 0


async def test_who_signs_in_after_all_were_ended_has_a_new_session(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_people(any_database, clock) as site, site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        before = await sign_in(site.visitor())
        task = await hold(site, client.cookies["session"], "/set?hold=1", {"user_id": "Ann"})
        clock.advance(seconds=5)
        assert await site.config.end_sessions("Ann") == 1
        ended_at = clock.now
        site.gate.open()
        await task
        (info,) = await site.config.list_sessions("Ann")
        assert info.signed_in_at >= ended_at
        async with site.visitor(before) as former:
            assert not await is_signed_in(former)


@post("/end-and-go-on")
async def end_and_go_on(request: Visit) -> None:
    held = request.session
    await end_all_sessions(request)
    held["farewell"] = True


async def test_what_is_set_after_all_were_ended_is_another_session(clock: Clock) -> None:
    people = open_people(MEMORY[0], clock, route_handlers=[end_and_go_on])
    async with people as site, site.visitor() as client:
        former = await sign_in(client)
        await client.post("/end-and-go-on")
        assert client.cookies["session"] != former
        assert (await client.get("/")).json() == {"farewell": True}
        assert await site.config.list_sessions("Ann") == []


@post("/switch-and-end")
async def switch_and_end(request: Visit) -> int:
    request.session["user_id"] = "Bob"
    return await end_all_sessions(request)


async def test_ending_all_ends_a_session_too_that_has_just_got_its_owner(clock: Clock) -> None:
    people = open_people(MEMORY[0], clock, route_handlers=[switch_and_end])
    async with people as site, site.visitor() as client, site.visitor() as bob:
        await sign_in(client)
        await sign_in(bob, "Bob")
        assert (await client.post("/switch-and-end")).json() == 2
        assert await site.rows() == 0
