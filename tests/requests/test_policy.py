"""How long a session lives: what renews it, and when it ends however busy it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.site import MAX_AGE, Site, open_site

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.databases import Database


async def test_reading_renews_no_more_than_once_in_a_tenth_of_the_lifetime(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"name": "Ann"})
        clock.advance(seconds=MAX_AGE / 10)
        assert "set-cookie" not in (await client.get("/")).headers
        clock.advance(seconds=1)
        response = await client.get("/")
        assert f"Max-Age={MAX_AGE};" in response.headers["set-cookie"]
        assert "set-cookie" not in (await client.get("/")).headers
        for _ in range(3):
            clock.advance(seconds=MAX_AGE - 1)
            assert (await client.get("/")).json() == {"name": "Ann"}
        clock.advance(seconds=MAX_AGE)
        assert (await client.get("/")).json() == {}


async def test_a_busy_session_ends_with_the_absolute_timeout(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    limit = int(2.5 * MAX_AGE)
    async with (
        open_site(database.url, is_async=is_async, clock=clock, absolute_timeout=limit) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        for step in range(4):
            clock.advance(seconds=MAX_AGE / 2)
            path = "/rotate" if step == 1 else "/set"
            assert (await client.post(path, json={"step": step})).status_code == 201
            assert (await client.get("/")).json()["user"] == "Ann"
        clock.advance(seconds=MAX_AGE / 2 - 1)
        assert (await client.get("/")).json()["user"] == "Ann"
        clock.advance(seconds=1)
        assert (await client.get("/")).json() == {}
        # The next one has a life of its own.
        await client.post("/set", json={"user": "Bob"})
        clock.advance(seconds=MAX_AGE - 1)
        assert (await client.get("/")).json() == {"user": "Bob"}


async def test_the_cookie_ends_with_the_absolute_timeout_too(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    async with (
        open_site(
            database.url, is_async=is_async, clock=clock, absolute_timeout=MAX_AGE + 200
        ) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=500)
        assert f"Max-Age={MAX_AGE - 300};" in (await client.get("/")).headers["set-cookie"]
        clock.advance(seconds=500)
        assert "set-cookie" not in (await client.get("/")).headers
        assert "set-cookie" not in (await client.post("/set", json={"user": "Bob"})).headers


async def test_an_absolute_timeout_that_is_new_holds_for_sessions_that_are_old(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock}
    async with open_site(database.url, **arguments) as unlimited:
        async with unlimited.visitor() as client:
            await client.post("/set", json={"user": "Ann"})
            session_id = client.cookies["session"]
        clock.advance(seconds=500)
        async with (
            open_site(database.url, empty=False, absolute_timeout=600, **arguments) as limited,
            limited.visitor(session_id) as client,
        ):
            assert (await client.get("/")).json() == {"user": "Ann"}
            clock.advance(seconds=100)
            assert (await client.get("/")).json() == {}


async def test_without_renewal_a_session_is_counted_from_its_last_change(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    async with (
        open_site(database.url, is_async=is_async, clock=clock, renew_on_access=False) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=MAX_AGE - 1)
        assert "set-cookie" not in (await client.get("/")).headers
        await client.post("/set", json={"user": "Bob"})
        clock.advance(seconds=MAX_AGE - 1)
        assert (await client.get("/")).json() == {"user": "Bob"}
        clock.advance(seconds=1)
        assert (await client.get("/")).json() == {}
