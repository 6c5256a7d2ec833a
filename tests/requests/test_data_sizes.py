"""A session that has grown too large is refused; what is already too large may do all but grow."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, Any, get_args

import pytest
from litestar import Request, WebSocket, post, websocket
from litestar.response import Stream
from litestar.testing import TestClient

from litestar_sessions import (
    SessionPlugin,
    SessionTooLargeError,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    save_session,
)
from litestar_sessions._requests.merging import is_same
from litestar_sessions._requests.policy import OnConflict
from tests.support.apps import app_with
from tests.support.roundtrips import StatementCounter
from tests.support.site import Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from tests.support.clock import Clock

MOST = 1_000
SOME, MANY = "s" * 600, "m" * 1_200


def padding(base: Any) -> Any:
    class Padding(base):  # type: ignore[misc]  # the base is a parameter
        @staticmethod
        def serialize_data(data: Any, scope: Any = None) -> bytes:  # noqa: ARG004
            return json.dumps(data).encode() + b" " * (1 + secrets.randbelow(50))

        @staticmethod
        def deserialize_data(data: Any) -> Any:
            return json.loads(data)

    return Padding


@post("/keep")
async def save_and_go_on(request: Request[Any, Any, Any]) -> str:
    request.session.update(await request.json())
    try:
        await save_session(request)
    except SessionTooLargeError:
        request.session.pop("big", None)
        return "without it"
    return "with it"


@post("/stream")
async def stream(request: Request[Any, Any, Any]) -> Stream:
    async def parts() -> AsyncIterator[str]:
        request.session["big"] = MANY
        with pytest.raises(SessionTooLargeError):
            await save_session(request)
        yield "refused"

    return Stream(parts())


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    names = [getattr(record, "session_event", None) for record in caplog.records]
    return [name for name in names if name]


@pytest.fixture(params=[None, padding], ids=["JSON", "other bytes each time"])
async def site(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    async with open_site(
        f"sqlite+aiosqlite:///{tmp_path}/sessions.db",
        is_async=True,
        clock=clock,
        subclass=request.param,
        options={"route_handlers": [save_and_go_on, stream]},
        max_data_size=MOST,
    ) as site:
        yield site


async def stored(site: Site, client: httpx.AsyncClient) -> dict[str, Any]:
    data = await site.backend.get(client.cookies["session"])
    session: dict[str, Any] = site.backend.deserialize_data(data)
    return session


async def enlarge(site: Site, client: httpx.AsyncClient) -> bytes:
    """Have a session that is larger than requests may save."""
    await client.post("/set", json={"user": "Ann"})
    data: bytes = site.backend.serialize_data({"user": "Ann", "big": MANY, "old": "o" * 300})
    await site.backend.set(client.cookies["session"], data)
    return data


async def test_what_has_grown_too_large_is_refused_and_nothing_is_lost(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        response = await client.post("/set", json={"user": "Ann", "big": MANY})
        assert (response.status_code, "set-cookie" in response.headers) == (500, False)
        assert await site.rows() == 0
        await client.post("/set", json={"user": "Ann"})
        before = client.cookies["session"]
        caplog.clear()
        for path in ("/set", "/rotate"):
            response = await client.post(path, json={"big": MANY, "less": "x" * 9})
            assert (response.status_code, client.cookies["session"]) == (500, before), path
            assert await stored(site, client) == {"user": "Ann"}
        assert (await client.post("/stream")).text == "refused"
        assert events(caplog) == ["too_large"] * 3
        message = next(r.getMessage() for r in caplog.records if hasattr(r, "session_event"))
        assert "max_data_size=1000" in message
        assert message.index("'big' with 12") < message.index("'less' with")
        assert not any(value in message for value in ("mmm", "xxx", "Ann"))
        assert (await client.post("/keep", json={"big": MANY, "a": 1})).text == "without it"
        assert await stored(site, client) == {"user": "Ann", "a": 1}


async def test_what_is_larger_already_shrinks_rotates_renews_and_ends(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        data = await enlarge(site, client)
        assert len(data) > MOST
        assert (await client.get("/quiet")).status_code == 200
        clock.advance(seconds=500)
        assert "set-cookie" in (await client.get("/quiet")).headers
        former = client.cookies["session"]
        assert (await client.post("/rotate", json={})).status_code == 201
        assert client.cookies["session"] != former
        assert (await client.post("/set", json={"more": SOME})).status_code == 500
        assert "more" not in await stored(site, client)
        assert (await client.post("/remove", json=["old"])).status_code == 201
        assert (await stored(site, client)).keys() == {"user", "big"}  # still larger
        assert (await client.post("/clear")).status_code == 201
        assert await site.rows() == 0


@pytest.mark.parametrize("on_conflict", get_args(OnConflict))
async def test_the_merged_session_is_what_counts(
    on_conflict: OnConflict, tmp_path: Path, clock: Clock
) -> None:
    """Mine is too large on its own, and with theirs it is not; or the other way round."""
    async with (
        open_site(
            f"sqlite+aiosqlite:///{tmp_path}/sessions.db",
            is_async=True,
            clock=clock,
            max_data_size=MOST,
            on_conflict=on_conflict,
        ) as site,
        site.visitor() as client,
    ):
        cases: tuple[tuple[str, str | None, dict[str, Any] | None, dict[str, int]], ...] = (
            (SOME, None, {"mine": SOME}, {"merge": 201, "overwrite": 500, "error": 409}),
            ("m", SOME, {"mine": "m", "theirs": SOME}, {"merge": 201, "overwrite": 201}),
            (SOME, SOME + "s", None, {"merge": 500, "overwrite": 500, "error": 409}),
        )
        for mine, theirs, session, status in cases:
            await site.empty()
            client.cookies.clear()
            await client.post("/set", json={"theirs": SOME})
            slow = asyncio.create_task(client.post("/set?hold=1", json={"mine": mine}))
            await site.gate.reached()
            if theirs is None:
                await client.post("/remove", json=["theirs"])
            else:
                await client.post("/set", json={"theirs": theirs, "one": 1})
            site.gate.open()
            assert (await slow).status_code == status.get(on_conflict, 409)
            site.gate._opened.clear()
            if on_conflict == "merge":
                kept = await stored(site, client)
                kept.pop("one", None)
                assert kept == (session or {"theirs": theirs})


async def test_half_of_it_is_told_when_it_is_crossed_and_not_again(
    site: Site, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        await client.post("/set", json={"some": SOME})
        assert events(caplog) == ["large"]
        for n in range(2):
            await client.post("/set", json={"n": n})
        await client.post("/rotate", json={})
        clock.advance(seconds=500)
        await client.get("/")
        assert events(caplog) == ["large"]
        await client.post("/remove", json=["some"])
        await client.post("/set", json={"some": SOME})
        assert events(caplog) == ["large"] * 2
    async with site.visitor() as client:
        await client.post("/set", json={"some": SOME})
    assert events(caplog) == ["large"] * 3


def test_a_websocket_is_told_where_it_saves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @websocket("/socket")
    async def grow(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        for size in (MANY, "m"):
            socket.session["big"] = size
            try:
                await save_session(socket)
            except SessionTooLargeError as error:
                await socket.send_text(str(error))
        await socket.send_text("saved")
        await socket.close()

    plugin = SessionPlugin(f"sqlite:///{tmp_path}/sessions.db", max_data_size=MOST)
    with TestClient(app_with(plugin, handlers=[grow])) as client:
        client.post("/set", json={"user": "Ann"})
        with client.websocket_connect("/socket") as socket:
            assert "'big'" in socket.receive_text()
            assert socket.receive_text() == "saved"
        assert client.get("/").json() == {"user": "Ann", "big": "m"}
    assert events(caplog) == ["too_large"]


async def test_no_limit_refuses_nothing_and_changes_are_honoured(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_site(
            f"sqlite+aiosqlite:///{tmp_path}/sessions.db",
            is_async=True,
            clock=clock,
            max_data_size=None,
        ) as site,
        site.visitor() as client,
    ):
        huge = "h" * 1_100_000
        assert (await client.post("/set", json={"huge": huge})).status_code == 201
        assert not events(caplog)
        site.config.max_data_size = MOST
        assert (await client.post("/set", json={"huge": huge + "h"})).status_code == 500
    default = SQLAlchemySessionConfig(alchemy_config=SQLAlchemySyncConfig("sqlite://"))
    assert default.policy.max_data_size == 1_048_576


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


HOPELESS = {
    "deep": nested(100_000),
    "digits": 10**5_000,
    "surrogate": "\ud800",
    "key": {"\ud800": 1},
    "tuple": {(1, 2): 3},
}
"""What no JSON can hold."""


async def test_what_cannot_be_stored_is_named_and_what_cannot_be_read_begins_anew(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caught: list[Exception] = []

    @post("/hopeless")
    async def put(request: Request[Any, Any, Any]) -> None:
        name = request.query_params["name"]
        request.session[name] = HOPELESS[name]
        if name == "deep":
            request.session["itself"] = request.session
        try:
            await save_session(request)
        except Exception as error:
            caught.append(error)
            raise

    for subclass in (None, padding):
        async with (
            open_site(
                f"sqlite+aiosqlite:///{tmp_path}/sessions.db",
                is_async=True,
                clock=clock,
                subclass=subclass,
                options={"route_handlers": [put]},
            ) as site,
            site.visitor() as client,
        ):
            await client.post("/set", json={"user": "Ann"})
            for name in HOPELESS if subclass is None else ("deep", "tuple"):
                assert (await client.post(f"/hopeless?name={name}")).status_code == 500
                assert f"under '{name}'" in str(caught[-1])
                assert await stored(site, client) == {"user": "Ann"}
            deep = b'{"deep":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
            for data in (deep, b'{"digits":' + b"1" * 5_000 + b"}", b'{"text":"\xff"}'):
                await site.backend.set(client.cookies["session"], data)
                caplog.clear()
                assert (await client.get("/")).json() == {}
                assert events(caplog) == ["undecodable"]
                assert (await client.post("/set", json={"user": "Ann"})).status_code == 201


async def test_deep_values_are_compared_and_merged(site: Site) -> None:
    counter = StatementCounter()
    deep = nested(400)
    async with site.visitor() as client:
        await client.post("/set", json={"deep": deep})
        await site.backend.engine.dispose()
        counter.watch(site.engine)
        counter.reset()
        await client.post("/set", json={"deep": deep})
        assert counter.count == 1
        slow = asyncio.create_task(client.post("/set?hold=1", json={"mine": 1}))
        await site.gate.reached()
        await client.post("/set", json={"theirs": 1})
        site.gate.open()
        assert (await slow).status_code == 201
        assert await stored(site, client) == {"deep": deep, "mine": 1, "theirs": 1}


def test_values_that_hold_themselves_are_compared() -> None:
    one, other = [1], [1]
    one.append(one)  # type: ignore[arg-type]  # on purpose
    other.append(other)  # type: ignore[arg-type]  # on purpose
    assert is_same(one, other)
    other[0] = 2
    assert not is_same(one, other)
    assert is_same(nested(5_000), nested(5_000))
    assert not is_same(nested(5_000), nested(5_001))
