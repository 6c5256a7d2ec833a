"""Sessions that have a lifetime of their own: how they get it, and who honours it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from litestar import WebSocket, post, websocket
from litestar.testing import TestClient
from sqlalchemy import event, select

from litestar_sessions import (
    ConfigurationError,
    ResponseStartedError,
    SQLAlchemySessionConfig,
    refresh_session,
    save_session,
    set_session_lifetime,
)
from tests.support.apps import app_of
from tests.support.models import FullSession
from tests.support.site import MAX_AGE, Site, Visit, Wiring, open_site, pass_gate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database

LONG = 30 * 86_400
SHORT = 60


@post("/live")
async def live(request: Visit) -> None:
    """Change the session, and have it live for another time."""
    body = await request.json()
    await pass_gate(request)
    if body.pop("clear", False):
        request.clear_session()
        request.set_session({})
    lifetime = {name: body.pop(name, None) for name in ("seconds", "persistent")}
    set_session_lifetime(request, **lifetime)
    request.session.update(body)


@post("/live-then-clear")
async def live_then_clear(request: Visit) -> None:
    set_session_lifetime(request, LONG)
    request.clear_session()
    request.set_session({"user": "Bob"})


@post("/live-and-save")
async def live_and_save(request: Visit) -> float | None:
    set_session_lifetime(request, LONG)
    stored = await save_session(request)
    await refresh_session(request)
    return None if stored is None else stored.seconds_left(request.app.state.clock())


@post("/live-save-wait")
async def live_save_wait(request: Visit) -> None:
    set_session_lifetime(request, LONG)
    await save_session(request)
    await request.app.state.gate.hold()
    await refresh_session(request)
    request.session["later"] = 1


HANDLERS = [live, live_then_clear, live_and_save, live_save_wait]


def opened(url: Any, *, is_async: bool, clock: Clock, **settings: Any) -> Any:
    options = {"route_handlers": HANDLERS, **settings.pop("options", {})}
    return open_site(
        url, is_async=is_async, clock=clock, model=FullSession, options=options, **settings
    )


@pytest.fixture(params=["our config", "Litestar's config"])
async def site(
    request: pytest.FixtureRequest, any_database: tuple[bool, Database], clock: Clock
) -> AsyncIterator[Site]:
    is_async, database = any_database
    wiring: Wiring = request.param
    async with opened(database.url, is_async=is_async, clock=clock, wiring=wiring) as site:
        site.app.state.clock = clock
        yield site


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite"])
def lend(request: pytest.FixtureRequest, tmp_path: Any, clock: Clock) -> Callable[..., Any]:
    """Lends a site on a file, of either half."""

    def lend(**settings: Any) -> Any:
        url = f"{request.param}:///{tmp_path}/s.db"
        return opened(url, is_async=request.param != "sqlite", clock=clock, **settings)

    return lend


def kept_for(response: httpx.Response) -> int | None:
    """Return the ``Max-Age`` of the cookie; ``None`` if it ends with the browser."""
    ages = [part for part in response.headers["set-cookie"].split("; ") if "Max-Age" in part]
    assert "expires" not in response.headers["set-cookie"].lower()
    return int(ages[0].partition("=")[2]) if ages else None


async def row(site: Site, clock: Clock) -> tuple[int | None, bool | None, int]:
    """Return lifetime and persistence, and for how many seconds the row is live."""
    columns = (FullSession.lifetime, FullSession.persistent, FullSession.expires_at)
    [[lifetime, persistent, expires_at]] = await site._execute(select(*columns))
    return lifetime, persistent, round((expires_at - clock.now).total_seconds())


async def test_a_lifetime_of_its_own_is_honoured_whatever_becomes_of_the_session(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        response = await client.post("/live", json={"user": "Ann", "seconds": LONG})
        assert kept_for(response) == LONG
        assert await row(site, clock) == (LONG, None, LONG)
        clock.advance(seconds=LONG / 2)
        response = await client.get("/")  # renews
        assert response.json() == {"user": "Ann"}
        assert kept_for(response) == LONG
        clock.advance(seconds=LONG / 2)
        assert kept_for(await client.post("/set", json={"cart": 1})) == LONG
        clock.advance(seconds=LONG / 2)
        assert kept_for(await client.post("/rotate", json={"cart": 2})) == LONG
        clock.advance(seconds=LONG - 1)
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 2}
        assert await row(site, clock) == (LONG, None, LONG)
        assert kept_for(await client.post("/live", json={})) == MAX_AGE
        assert await row(site, clock) == (None, None, MAX_AGE)
        clock.advance(seconds=MAX_AGE)
        assert (await client.get("/")).json() == {}


async def test_a_cookie_ends_with_the_browser_though_those_of_others_do_not(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        response = await client.post("/live", json={"persistent": False})
        assert kept_for(response) is None
        assert await row(site, clock) == (None, False, MAX_AGE)
        clock.advance(seconds=MAX_AGE / 2)
        assert kept_for(await client.get("/")) is None
        assert kept_for(await client.post("/rotate", json={"cart": 1})) is None
        assert kept_for(await client.post("/live", json={"persistent": True})) == MAX_AGE
        clock.advance(seconds=MAX_AGE)
        assert (await client.get("/")).json() == {}


async def test_a_change_that_waits_takes_the_lifetime_that_was_set_meanwhile(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await waiting(site, client, "/set?hold=1", {"cart": 1})
        await client.post("/live", json={"seconds": LONG, "persistent": False})
        clock.advance(seconds=1)
        site.gate.open()
        response = await slow
        assert response.status_code == 201
        assert "set-cookie" not in response.headers
        assert await row(site, clock) == (LONG, False, LONG - 1)
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 1}


async def test_a_renewal_that_waits_leaves_the_lifetime_that_was_set_meanwhile(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=MAX_AGE / 2)
        slow = await waiting(site, client, "/hold")
        await client.post("/live", json={"seconds": LONG})
        site.gate.open()
        assert "set-cookie" not in (await slow).headers
        assert await row(site, clock) == (LONG, None, LONG)


async def test_of_two_requests_that_set_it_at_once_the_later_one_wins(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await waiting(site, client, "/live?hold=1", {"seconds": SHORT, "slow": 1})
        await client.post("/live", json={"seconds": LONG, "persistent": False, "fast": 1})
        site.gate.open()
        assert kept_for(await slow) == SHORT
        assert await row(site, clock) == (SHORT, None, SHORT)
        assert (await client.get("/")).json() == {"user": "Ann", "slow": 1, "fast": 1}


async def test_of_many_requests_that_set_it_at_once_one_wins_as_a_whole(
    site: Site, clock: Clock
) -> None:
    choices = {SHORT * number: number % 2 == 1 for number in range(1, 7)}
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        bodies = [
            {"seconds": seconds, "persistent": persistent, str(seconds): True}
            for seconds, persistent in choices.items()
        ]
        responses = await asyncio.gather(*(client.post("/live", json=body) for body in bodies))
        assert {response.status_code for response in responses} == {201}
        for response, (seconds, is_kept) in zip(responses, choices.items(), strict=True):
            assert kept_for(response) == (seconds if is_kept else None)
        lifetime, persistent, seconds_left = await row(site, clock)
        assert seconds_left == lifetime
        assert persistent is choices[lifetime or 0]
        expected = {"user": "Ann"} | {str(seconds): True for seconds in choices}
        assert (await client.get("/")).json() == expected


async def waiting(
    site: Site, client: httpx.AsyncClient, path: str, body: Any = None
) -> asyncio.Task[httpx.Response]:
    """Send a request in the same session, and return when its handler waits at the gate."""
    session_id = client.cookies[site.config.key]

    async def send() -> httpx.Response:
        async with site.visitor(session_id) as other:
            return await other.post(path, json=body)

    task = asyncio.create_task(send())
    await site.gate.reached()
    return task


@pytest.mark.parametrize("on_conflict", ["overwrite", "error"])
async def test_a_lifetime_that_was_set_meanwhile_is_no_conflict(
    lend: Callable[..., Any], clock: Clock, on_conflict: str
) -> None:
    async with lend(on_conflict=on_conflict) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann", "cart": 1})
        slow = await waiting(site, client, "/set?hold=1", {"cart": 2})
        body = {"seconds": LONG} | ({"fast": 1} if on_conflict == "overwrite" else {})
        await client.post("/live", json=body)
        site.gate.open()
        assert (await slow).status_code == 201
        assert await row(site, clock) == (LONG, None, LONG)
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 2}


async def test_a_slow_request_that_sets_it_brings_back_no_session(
    lend: Callable[..., Any],
) -> None:
    async with lend() as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await waiting(site, client, "/live?hold=1", {"seconds": LONG})
        await client.post("/clear")
        site.gate.open()
        assert kept_for(await slow) == 0
        assert await site.rows() == 0


async def test_the_absolute_timeout_bounds_it(lend: Callable[..., Any], clock: Clock) -> None:
    limit = 3 * MAX_AGE
    async with lend(absolute_timeout=limit) as site, site.visitor() as client:
        response = await client.post("/live", json={"user": "Ann", "seconds": LONG})
        assert kept_for(response) == limit
        assert await row(site, clock) == (LONG, None, limit)
        clock.advance(seconds=MAX_AGE)
        assert "set-cookie" not in (await client.post("/set", json={"cart": 1})).headers
        assert kept_for(await client.post("/rotate", json={"cart": 2})) == 2 * MAX_AGE
        clock.advance(seconds=2 * MAX_AGE - 1)
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 2}
        clock.advance(seconds=1)
        assert (await client.get("/")).json() == {}


@pytest.mark.parametrize("lifetime", [None, LONG])
async def test_the_absolute_timeout_bounds_what_the_backend_itself_renews(
    lend: Callable[..., Any], clock: Clock, lifetime: int | None
) -> None:
    async with lend(absolute_timeout=MAX_AGE + 50) as site, site.visitor() as client:
        await client.post("/live", json={"user": "Ann", "seconds": lifetime})
        clock.advance(seconds=100)
        assert await site.backend.get(client.cookies["session"]) is not None
        assert await row(site, clock) == (lifetime, None, MAX_AGE - 50)
        clock.advance(seconds=MAX_AGE - 50)
        assert await site.backend.get(client.cookies["session"]) is None


@pytest.mark.parametrize("lifetime", [None, LONG])
async def test_what_the_backend_itself_renews_lives_for_its_own_lifetime(
    site: Site, clock: Clock, lifetime: int | None
) -> None:
    site.config.renew_on_access = True
    async with site.visitor() as client:
        await client.post("/live", json={"user": "Ann", "seconds": lifetime})
        clock.advance(seconds=100)
        assert await site.backend.get(client.cookies["session"]) is not None
        assert await row(site, clock) == (lifetime, None, lifetime or MAX_AGE)


async def test_a_short_one_is_renewed_in_time(lend: Callable[..., Any], clock: Clock) -> None:
    async with lend() as site, site.visitor() as client:
        await client.post("/live", json={"user": "Ann", "seconds": SHORT})
        for _ in range(3):
            clock.advance(seconds=SHORT - 1)
            assert (await client.get("/")).json() == {"user": "Ann"}
        clock.advance(seconds=SHORT / 20)
        assert "set-cookie" not in (await client.get("/")).headers  # too soon
        clock.advance(seconds=SHORT)
        assert (await client.get("/")).json() == {}


async def test_a_cookie_stays_though_those_of_others_end_with_the_browser(
    lend: Callable[..., Any],
) -> None:
    async with lend(persistent=False) as site, site.visitor() as client:
        assert kept_for(await client.post("/set", json={"user": "Ann"})) is None
        response = await client.post("/live", json={"seconds": LONG, "persistent": True})
        assert kept_for(response) == LONG
        assert kept_for(await client.post("/live", json={"seconds": LONG})) is None


async def test_it_is_that_of_the_session_that_follows_one_that_was_cleared_before(
    lend: Callable[..., Any], clock: Clock
) -> None:
    async with lend() as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        body = {"clear": True, "user": "Bob", "seconds": LONG}
        assert kept_for(await client.post("/live", json=body)) == LONG
        assert await row(site, clock) == (LONG, None, LONG)
        assert kept_for(await client.post("/live-then-clear")) == MAX_AGE
        assert await row(site, clock) == (None, None, MAX_AGE)


async def test_to_set_what_is_set_costs_nothing_and_to_read_it_no_more_than_before(
    lend: Callable[..., Any],
) -> None:
    async with lend() as site, site.visitor() as client:
        statements: list[str] = []

        @event.listens_for(site.engine, "before_cursor_execute")
        def note(_c: object, _cursor: object, sql: str, *_: object) -> None:
            statements.append(sql.split(maxsplit=1)[0])

        for path, body, expected in (
            ("/live", {"user": "Ann", "seconds": LONG}, ["INSERT"]),
            ("/live", {"seconds": LONG}, ["SELECT"]),
            ("/hold", None, ["SELECT"]),
            ("/live", {"seconds": SHORT, "cart": 1}, ["SELECT", "UPDATE"]),
        ):
            site.gate.open()
            statements.clear()
            assert (await client.post(path, json=body)).status_code == 201
            assert statements == expected


async def test_nobody_gets_a_session_by_it(lend: Callable[..., Any]) -> None:
    async with lend() as site, site.visitor() as client:
        response = await client.post("/live", json={"seconds": LONG})
        assert "set-cookie" not in response.headers
        assert await site.rows() == 0


async def test_what_is_saved_at_once_has_it_at_once(lend: Callable[..., Any], clock: Clock) -> None:
    async with lend() as site, site.visitor() as client:
        site.app.state.clock = clock
        await client.post("/set", json={"user": "Ann"})
        response = await client.post("/live-and-save")
        assert response.json() == LONG
        assert kept_for(response) == LONG


async def test_what_was_saved_is_not_set_again_over_that_of_another_request(
    lend: Callable[..., Any], clock: Clock
) -> None:
    async with lend() as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await waiting(site, client, "/live-save-wait")
        await client.post("/live", json={"seconds": SHORT, "persistent": False})
        site.gate.open()
        assert kept_for(await slow) is None
        assert await row(site, clock) == (SHORT, False, SHORT)
        assert (await client.get("/")).json() == {"user": "Ann", "later": 1}


@pytest.fixture
def full_config(config: SQLAlchemySessionConfig) -> SQLAlchemySessionConfig:
    return SQLAlchemySessionConfig(
        alchemy_config=config.alchemy_config, model=FullSession, create_table=True
    )


def test_a_websocket_sets_it_before_it_is_accepted_and_not_later(
    full_config: SQLAlchemySessionConfig,
) -> None:
    @websocket("/open")
    async def open_socket(socket: WebSocket[Any, Any, Any]) -> None:
        socket.session["user"] = "Ann"
        set_session_lifetime(socket, LONG)
        await socket.accept()
        try:
            set_session_lifetime(socket, SHORT)
        except ResponseStartedError as error:
            await socket.send_text(str(error))
        await socket.close()

    with TestClient(app_of(full_config, open_socket)) as client:
        with client.websocket_connect("/open") as socket:
            cookie = dict(socket.extra_headers or [])[b"set-cookie"].decode()
            assert "change it before" in socket.receive_text()
        assert f"Max-Age={LONG};" in cookie
        assert client.get("/", headers={"cookie": cookie.partition(";")[0]}).json() == {
            "user": "Ann"
        }


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (0, "choose at least 1"),
        (-5, "choose at least 1"),
        (float("nan"), "choose at least 1"),
        (10**12, "the limit is"),
        (True, "write a number of seconds"),
        ("3600", "write a number of seconds"),
    ],
)
def test_what_is_no_lifetime_is_refused_where_it_is_written(
    full_config: SQLAlchemySessionConfig, seconds: Any, reason: str
) -> None:
    errors: list[Exception] = []

    @post("/refused")
    async def refused(request: Visit) -> None:
        try:
            set_session_lifetime(request, seconds)
        except (TypeError, ValueError) as error:
            errors.append(error)

    with TestClient(app_of(full_config, refused)) as client:
        client.post("/refused")
    assert reason in str(errors[0])


def test_a_model_without_the_columns_is_told_what_it_lacks(
    config: SQLAlchemySessionConfig,
) -> None:
    errors: list[Exception] = []

    @post("/refused")
    async def refused(request: Visit) -> None:
        try:
            set_session_lifetime(request, LONG)
        except ConfigurationError as error:
            errors.append(error)

    with TestClient(app_of(config, refused)) as client:
        client.post("/refused")
    first, *_, last = str(errors[0]).splitlines()
    assert first.startswith("set_session_lifetime needs the columns lifetime, persistent, which")
    assert "UserSessionMixin" in first
    assert "op." in last


async def test_signing_in_for_long_is_one_statement_more_than_reading(
    lend: Callable[..., Any], clock: Clock
) -> None:
    async with lend(owner="user") as site, site.visitor() as client:
        await client.post("/set", json={"basket": 1})
        former = client.cookies["session"]
        clock.advance(seconds=1)
        statements: list[str] = []

        @event.listens_for(site.engine, "before_cursor_execute")
        def note(_c: object, _cursor: object, sql: str, *_: object) -> None:
            statements.append(sql.split(maxsplit=1)[0])

        body = {"user": "Ann", "seconds": LONG, "persistent": True}
        assert kept_for(await client.post("/live", json=body)) == LONG
        assert statements == ["SELECT", "UPDATE"]
        assert client.cookies["session"] != former
        assert await row(site, clock) == (LONG, True, LONG)
        assert await site._execute(select(FullSession.owner)) == [("Ann",)]


def sealing(base: Any) -> Any:
    """Return a class of backends whose rows are not what requests see."""

    async def get(backend: Any, session_id: str, store: Any) -> bytes | None:
        data = await base.get(backend, session_id, store)
        return None if data is None else bytes(reversed(data))

    async def put(backend: Any, session_id: str, data: bytes, store: Any) -> None:
        await base.set(backend, session_id, bytes(reversed(data)), store)

    return type("Own", (base,), {"get": get, "set": put})


@pytest.mark.parametrize("wiring", ["our config", "Litestar's config"])
async def test_a_backend_whose_methods_are_overridden_honours_it_too(
    lend: Callable[..., Any], clock: Clock, wiring: Wiring
) -> None:
    async with lend(subclass=sealing, wiring=wiring) as site, site.visitor() as client:
        await client.post("/live", json={"user": "Ann", "seconds": LONG, "persistent": False})
        assert await row(site, clock) == (LONG, False, LONG)
        clock.advance(seconds=LONG / 2)
        assert kept_for(await client.get("/")) is None
        slow = await waiting(site, client, "/set?hold=1", {"cart": 1})
        await client.post("/live", json={"seconds": SHORT})
        site.gate.open()
        assert "set-cookie" not in (await slow).headers
        assert await row(site, clock) == (SHORT, None, SHORT)
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 1}
