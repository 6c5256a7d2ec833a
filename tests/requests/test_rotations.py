"""Session IDs that change, because time has passed or rights have changed, and late requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from litestar import post
from sqlalchemy import event

from litestar_sessions import (
    ConfigurationError,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
    refresh_session,
    save_session,
)
from tests.support.models import FullSession, UserSession
from tests.support.people import Visit, open_people, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site

INTERVAL, GRACE = 60, 10
MEMORY = ("sqlite+aiosqlite://", "sqlite://")


@post("/follow")
async def follow(request: Visit) -> dict[str, Any] | None:
    """Wait, and then go on with what the session is by now."""
    await request.app.state.gate.hold()
    if await refresh_session(request) is None:
        assert not request.session
        return None
    request.session["followed"] = True
    await save_session(request)
    return dict(request.session)


def open_rotating(place: Any, clock: Clock, **settings: Any) -> Any:
    settings = {"rotation_interval": INTERVAL, "route_handlers": [follow], **settings}
    return open_people(place, clock, **settings)


@pytest.fixture(params=MEMORY)
async def site(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Site]:
    async with open_rotating(request.param, clock) as site:
        yield site


async def rotated(client: httpx.AsyncClient, clock: Clock) -> tuple[str, str]:
    """Have time change the ID of a visitor who only reads; return the former and the new one."""
    former = client.cookies["session"]
    clock.advance(seconds=INTERVAL)
    response = await client.get("/")
    assert response.headers["cache-control"] == "no-store"
    assert client.cookies["session"] != former
    return former, client.cookies["session"]


def told(response: httpx.Response) -> bool:
    """Tell whether a response has a word for the cookie of the browser."""
    assert response.is_success
    return "set-cookie" in response.headers


async def test_a_request_with_the_id_of_before_has_the_session_for_a_while(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    async with open_rotating(any_database, clock) as site, site.visitor() as client:
        await client.post("/set", json={"user_id": "Ann", "cart": 1})
        clock.advance(seconds=INTERVAL - 1)
        assert not told(await client.get("/quiet"))
        former, present = await rotated(client, clock)
        async with site.visitor(former) as late:
            clock.advance(seconds=GRACE - 1)
            response = await late.get("/")
            assert response.json() == {"user_id": "Ann", "cart": 1}
            assert not told(response)
            assert not told(await late.post("/set", json={"cart": 2}))
            assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 2}
            clock.advance(seconds=1)
            assert (await late.get("/")).json() == {}
        assert client.cookies["session"] == present
        assert await site.rows() == 1


async def test_statements_are_more_only_where_an_id_is_not_found_or_changes(
    site: Site, clock: Clock
) -> None:
    statements: list[None] = []
    event.listen(site.engine, "before_cursor_execute", lambda *_: statements.append(None))

    async def cost(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> int:
        statements.clear()
        assert (await client.request(method, path, json=body)).is_success
        return len(statements)

    async with site.visitor() as client, site.visitor("0" * 64) as stranger:
        assert await cost(client, "POST", "/set", {"cart": 1}) == 1
        assert await cost(client, "GET", "/") == 1
        assert await cost(stranger, "GET", "/") == 2
        former = client.cookies["session"]
        clock.advance(seconds=INTERVAL)
        assert await cost(client, "GET", "/") == 2
        assert await cost(client, "GET", "/") == 1
        clock.advance(seconds=INTERVAL)
        assert await cost(client, "POST", "/set", {"cart": 2}) == 2
        async with site.visitor(former) as late:
            assert await cost(late, "GET", "/") == 2
        assert await cost(client, "POST", "/rotate", {}) == 2


async def test_whoever_ends_the_session_ends_it_with_either_id(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await sign_in(client)
        former, present = await rotated(client, clock)
        async with site.visitor(former) as late:
            assert told(await late.post("/clear"))
            assert "session" not in late.cookies
        for session_id in (former, present):
            async with site.visitor(session_id) as visitor:
                assert (await visitor.get("/")).json() == {}
        assert await site.rows() == 0


async def test_whoever_rotates_with_the_id_of_before_has_another_one_again(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        former, present = await rotated(client, clock)
        async with site.visitor(former) as late:
            mine = await sign_in(late)
            assert mine not in {former, present}
            assert (await late.get("/")).json() == {"cart": 1, "user_id": "Ann"}
        for session_id in (former, present):
            async with site.visitor(session_id) as visitor:
                assert (await visitor.get("/")).json() == {}


async def test_what_goes_on_for_long_follows_its_session(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await sign_in(client)
        async with site.visitor(client.cookies["session"]) as slow:
            following = asyncio.create_task(slow.post("/follow"))
            await site.gate.reached()
            for _ in range(2):  # and long after the grace period
                await rotated(client, clock)
                clock.advance(seconds=2 * GRACE)
            await client.post("/set", json={"cart": 1})
            site.gate.open()
            response = await following
        assert response.json() == {"user_id": "Ann", "cart": 1, "followed": True}
        assert not told(response)
        assert (await client.get("/")).json() == response.json()


async def test_nobody_follows_a_session_whose_rights_have_changed(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        async with site.visitor(client.cookies["session"]) as slow:
            following = asyncio.create_task(slow.post("/follow"))
            await site.gate.reached()
            await sign_in(client)
            site.gate.open()
            response = await following
        assert response.content in {b"", b"null"}
        assert not told(response)


@pytest.mark.parametrize("interval", [None, INTERVAL])
async def test_a_late_request_neither_has_the_session_nor_takes_its_cookie(
    any_database: tuple[bool, Database], clock: Clock, interval: int | None
) -> None:
    async with (
        open_rotating(any_database, clock, rotation_interval=interval) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"cart": 1})
        planted = client.cookies["session"]
        mine = await sign_in(client)
        async with site.visitor(planted) as late:
            for path, body in (("/set", {"seen": 1}), ("/clear", None), ("/restart", {"a": 1})):
                assert not told(await late.post(path, json=body))
                assert (await late.get("/")).json() == {}
        assert await site.rows() == 1
        async with site.visitor(planted) as late:
            assert await sign_in(late, "Bob") not in {planted, mine}
            assert (await late.get("/")).json() == {"user_id": "Bob"}
        async with site.visitor(planted) as late:
            assert told(await late.post("/rotate", json={"b": 1}))
        clock.advance(seconds=GRACE)
        async with site.visitor(planted) as late:
            assert told(await late.post("/set", json={"seen": 1}))
        assert await site.rows() == 4
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}


async def test_a_grace_of_zero_recognises_nobody(clock: Clock) -> None:
    async with open_rotating(MEMORY[0], clock, rotation_grace=0) as site, site.visitor() as client:
        await sign_in(client)
        former, _ = await rotated(client, clock)
        async with site.visitor(former) as late:
            assert (await late.get("/")).json() == {}
            assert told(await late.post("/set", json={"seen": 1}))


async def test_the_id_of_before_may_have_been_spelled_in_another_way(
    tmp_path: Path, clock: Clock
) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    old, new = "old" * 16, "new" * 16
    async with open_rotating(url, clock, session_id_keys=[old]) as site, site.visitor() as client:
        await sign_in(client)
        former, present = await rotated(client, clock)
    keys = {"session_id_keys": [new, old], "empty": False}
    async with open_rotating(url, clock, **keys) as site:
        async with site.visitor(former) as late, site.visitor(present) as client:
            await late.post("/set", json={"cart": 1})
            await client.post("/set", json={"seen": 1})
            await late.post("/set", json={"cart": 2})
            assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 2, "seen": 1}
        assert await site.rows() == 1


async def test_a_page_that_is_only_read_is_in_nobodys_way(clock: Clock) -> None:
    async with (
        open_rotating(MEMORY[0], clock, on_conflict="error") as site,
        site.visitor() as client,
    ):
        await sign_in(client)
        session_id = client.cookies["session"]
        clock.advance(seconds=INTERVAL)
        async with site.visitor(session_id) as slow:
            reading = asyncio.create_task(slow.post("/hold"))
            await site.gate.reached()
            assert told(await client.post("/set", json={"cart": 1}))
            site.gate.open()
            assert not told(await reading)
        assert (await client.get("/")).json() == {"user_id": "Ann", "cart": 1}


def config(model: type[Any] = FullSession, **settings: Any) -> SQLAlchemySessionConfig:
    alchemy = SQLAlchemySyncConfig("sqlite://")
    return SQLAlchemySessionConfig(alchemy_config=alchemy, model=model, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rotation_interval": 0}, "rotation_interval is 0 seconds"),
        ({"rotation_interval": "60"}, "rotation_interval='60' is of the wrong kind"),
        ({"rotation_grace": -1}, "rotation_grace=-1 is not from 0 to 3600"),
        ({"rotation_grace": None}, "rotation_grace=None is of the wrong kind"),
        ({"rotation_interval": 10}, "rotation_grace=10.0 is not shorter"),
        ({"rotation_interval": 60, "model": UserSession}, "needs the columns former_session_id"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        config(**settings)


def test_a_backend_that_seals_its_sessions_cannot_rotate_by_time() -> None:
    class Sealing(SQLAlchemySyncSessionBackend):
        async def get(self, session_id: str, store: Any = None) -> bytes | None:
            return await super().get(session_id, store)

    Sealing(config())
    with pytest.raises(ConfigurationError, match="rotation_interval"):
        Sealing(config(rotation_interval=60))


def test_the_grace_period_may_be_changed_and_the_interval_not() -> None:
    made = config(rotation_interval=60)
    made.rotation_grace = 5
    assert made.policy.rotation_grace.total_seconds() == 5
    with pytest.raises(ConfigurationError, match="rotation_interval was read"):
        made.rotation_interval = 120
