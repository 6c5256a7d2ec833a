"""When a session's expiry moves, and what of that a browser is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from litestar import WebSocket, websocket
from litestar.testing import TestClient
from sqlalchemy import create_engine, text

from litestar_sessions import save_session
from tests.requests.test_races import hold
from tests.support.site import MAX_AGE, Gate, Site, open_site

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database, Servers

TENTH = MAX_AGE / 10


async def expiry(site: Site, client: httpx.AsyncClient) -> datetime:
    session = await site.backend.storage.load(client.cookies["session"])
    assert session is not None
    expires_at: datetime = session.expires_at
    return expires_at


def is_told(response: httpx.Response) -> bool:
    assert response.is_success
    told = {name in response.headers for name in ("set-cookie", "cache-control")}
    assert len(told) == 1
    return told.pop()


async def test_a_change_moves_the_expiry_no_more_often_than_reading_does(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"count": 0})
        first = clock.after(seconds=MAX_AGE)
        clock.advance(seconds=TENTH)
        assert not is_told(await client.post("/set", json={"count": 1}))
        assert await expiry(site, client) == first
        clock.advance(seconds=1)
        response = await client.post("/set", json={"count": 2})
        assert f"Max-Age={MAX_AGE};" in response.headers["set-cookie"]
        assert response.headers["cache-control"] == "no-store"
        assert await expiry(site, client) == clock.after(seconds=MAX_AGE)
        assert not is_told(await client.post("/set", json={"count": 3}))
        clock.advance(seconds=MAX_AGE - 1)
        assert (await client.get("/")).json() == {"count": 3}


async def test_rotating_tells_the_new_id_and_how_long_it_lives(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=TENTH)
        response = await client.post("/rotate", json={"user": "Bob"})
        assert f"Max-Age={MAX_AGE};" in response.headers["set-cookie"]
        assert await expiry(site, client) == clock.after(seconds=MAX_AGE)
        clock.advance(seconds=1)
        response = await client.post("/rotate", json={"user": "Eve"})
        assert f"Max-Age={MAX_AGE};" in response.headers["set-cookie"]


async def test_a_change_does_not_take_back_a_renewal_that_came_between(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock}
    async with open_site(database.url, **arguments) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"seen": 1})
        clock.advance(seconds=MAX_AGE - 1)
        assert is_told(await client.post("/set", json={"renewed": 1}))
        renewed = await expiry(site, client)
        clock.advance(seconds=-MAX_AGE / 2)  # the clock of another machine
        site.gate.open()
        client.cookies.update((await slow).cookies)
        assert await expiry(site, client) == renewed
        assert (await client.get("/")).json() == {"user": "Ann", "seen": 1, "renewed": 1}


async def test_a_renewal_and_a_change_at_once_are_both_kept(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        session_id = client.cookies["session"]
        for round_ in range(3):
            clock.advance(seconds=2 * TENTH)
            holding = [
                await hold(site, session_id, "/set?hold=1", {"round": round_}),
                await hold(site, session_id, "/hold"),
                await hold(site, session_id, "/set?hold=1", {"other": round_}),
            ]
            site.gate.open()
            assert any(map(is_told, await asyncio.gather(*holding)))
            assert await expiry(site, client) == clock.after(seconds=MAX_AGE)
            assert (await client.get("/")).json() == {
                "user": "Ann",
                "round": round_,
                "other": round_,
            }
            site.app.state.gate = Gate()


async def test_the_last_renewal_reaches_the_absolute_timeout(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    limit = MAX_AGE + 150
    async with (
        open_site(database.url, is_async=is_async, clock=clock, absolute_timeout=limit) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        end = clock.after(seconds=limit)
        clock.advance(seconds=110)
        assert is_told(await client.get("/"))
        clock.advance(seconds=50)  # less than what a renewal is otherwise due for
        assert is_told(await client.post("/set", json={"user": "Bob"}))
        assert end - await expiry(site, client) < clock.after(seconds=1) - clock.now
        assert not is_told(await client.get("/"))
        assert not is_told(await client.post("/set", json={"user": "Eve"}))


async def test_postgresql_writes_what_is_changed_in_place(
    servers: Servers, tmp_path: Path, clock: Clock
) -> None:
    database = servers.database("postgresql+psycopg", tmp_path)
    url = database.url.set(database=f"{database.url.database}_in_place")  # with figures of its own
    assert database.server is not None
    database.server.make_database(str(url.database))
    async with open_site(url, is_async=True, clock=clock) as site, site.visitor() as client:
        for count in range(21):
            clock.advance(seconds=1)
            await client.post("/set", json={"count": count})
    engine = create_engine(url)
    with engine.connect() as connection:
        counts = (0, 0)
        for _ in range(500):  # the server counts them when their connection is closed
            if sum(counts) == 20:
                break
            found = connection.execute(text(UPDATES)).one()
            connection.rollback()
            counts = found.in_place, found.elsewhere
            await asyncio.sleep(0.02)
    engine.dispose()
    assert counts == (20, 0)


UPDATES = """\
SELECT n_tup_hot_upd AS in_place, n_tup_upd - n_tup_hot_upd AS elsewhere
FROM pg_stat_user_tables WHERE relname = 'user_sessions'"""


@websocket("/socket")
async def counting(socket: WebSocket[Any, Any, Any]) -> None:
    """Count and save, for as long as the client asks for it; tell when the session expires."""
    await socket.accept()
    while await socket.receive_text() == "save":
        socket.session["count"] = socket.session.get("count", 0) + 1
        saved = await save_session(socket)
        await socket.send_text(str(saved and saved.expires_at))
    await socket.close()


@pytest.mark.parametrize("renewal_interval", [0, None, 0.9 * MAX_AGE])
async def test_what_a_socket_renews_the_next_response_tells(
    tmp_path: Path, clock: Clock, renewal_interval: float | None
) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    settings: dict[str, Any] = {"options": {"route_handlers": [counting]}, "clock": clock}
    if renewal_interval is not None:
        settings["renewal_interval"] = renewal_interval
    async with open_site(url, is_async=False, **settings) as site:
        await asyncio.to_thread(_count, site, clock)


def _count(site: Site, clock: Clock) -> None:
    """Keep a socket open for longer than a session lives."""
    with TestClient(site.app) as client:
        client.post("/set", json={"user": "Ann"})
        with client.websocket_connect("/socket") as socket:
            expiries = set()
            for _ in range(50):
                clock.advance(seconds=MAX_AGE / 40)
                socket.send_text("save")
                expiries.add(socket.receive_text())
            socket.send_text("stop")
        assert len(expiries) > 1
        # Of which the browser does not know: without this one it would forget the session.
        response = client.get("/")
        assert response.json() == {"user": "Ann", "count": 50}
        assert f"Max-Age={MAX_AGE};" in response.headers["set-cookie"]
