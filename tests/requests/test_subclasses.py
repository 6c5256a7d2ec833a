"""What subclasses of a backend override is honoured by every request, or refused when it is made.

Each test holds below Litestar's own middleware and config, and below ours, on both halves.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import uuid
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import pytest
from litestar import WebSocket, websocket
from litestar.middleware.session.server_side import (
    ServerSideSessionBackend,
    ServerSideSessionConfig,
)
from litestar.testing import TestClient
from sqlalchemy import select

from litestar_sessions import (
    ConfigurationError,
    SessionConflictError,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySessionMiddleware,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
    save_session,
)
from tests.support.apps import app_of, app_with
from tests.support.models import UserSession
from tests.support.site import MAX_AGE, Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.support.clock import Clock

    Opening = Callable[..., AbstractAsyncContextManager[Site]]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the names of what this package has logged."""
    records = [record for record in caplog.records if record.name == "litestar_sessions"]
    return [record.session_event for record in records]  # type: ignore[attr-defined]  # ours


@pytest.fixture(params=[(w, half) for w in get_args(Wiring) for half in ("async", "sync")], ids=str)
def opening(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Opening:
    """What opens a site with a subclass of the backend."""
    wiring, half = request.param
    url = f"sqlite{'+aiosqlite' if half == 'async' else ''}:///{tmp_path}/sessions.db"

    @asynccontextmanager
    async def opened(subclass: Callable[[Any], Any], **settings: Any) -> AsyncIterator[Site]:
        arguments = {"is_async": half == "async", "clock": clock, "wiring": wiring}
        async with open_site(url, subclass=subclass, **arguments, **settings) as site:
            yield site

    return opened


def with_methods(base: Any, **methods: Any) -> Any:
    return type("Own", (base,), methods)


def sealed(data: bytes) -> bytes:
    """Not what anybody should do, but another text each time, and another than the data."""
    nonce = secrets.token_bytes(8)
    return b"sealed:" + nonce + base64.b64encode(data)


def opened_seal(data: bytes) -> bytes:
    if not data.startswith(b"sealed:"):
        raise ValueError("no seal")
    return base64.b64decode(data[15:])


def sealing(base: Any) -> Any:
    class Sealing(base):  # type: ignore[misc]  # the base is a parameter
        async def get(self, session_id: str, store: Any) -> bytes | None:
            data = await super().get(session_id, store)
            return None if data is None else opened_seal(data)

        async def set(self, session_id: str, data: bytes, store: Any) -> None:
            await super().set(session_id, sealed(data), store)

    return Sealing


def noting(base: Any, notes: list[tuple[str, str]]) -> Any:
    class Noting(base):  # type: ignore[misc]  # the base is a parameter
        async def get(self, session_id: str, store: Any) -> Any:
            notes.append(("get", session_id))
            return await super().get(session_id, store=store)

        async def set(self, session_id: str, data: bytes, store: Any) -> None:
            await super().set(session_id=session_id, data=data, store=store)
            notes.append(("set", session_id))

        async def delete(self, session_id: str, store: Any) -> None:
            await super().delete(session_id, store)
            notes.append(("delete", session_id))

        async def delete_all(self, store: Any = None) -> None:
            await super().delete_all(store)
            notes.append(("delete_all", ""))

    return Noting


async def stored_data(site: Site) -> list[bytes]:
    return [bytes(data) for (data,) in await site._execute(select(UserSession.data))]


async def test_each_method_is_called_for_what_requests_do(opening: Opening) -> None:
    notes: list[tuple[str, str]] = []
    async with opening(partial(noting, notes=notes)) as site, site.visitor() as client:
        await client.get("/")
        assert notes == []
        await client.post("/set", json={"user": "Ann"})
        first = client.cookies["session"]
        assert (await client.get("/")).json() == {"user": "Ann"}
        await client.post("/set", json={"user": "Bob"})
        await client.post("/rotate", json={"cart": 1})
        second = client.cookies["session"]
        await client.post("/clear")
        assert notes == [
            ("set", first),
            ("get", first),
            *(("get", first), ("set", first)),
            *(("get", first), ("set", second), ("delete", first)),
            *(("get", second), ("delete", second)),
        ]
        assert first != second
        assert await site.rows() == 0


async def test_what_is_sealed_is_sealed_in_the_table(opening: Opening) -> None:
    async with opening(sealing) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        (before,) = await stored_data(site)
        assert before.startswith(b"sealed:")
        assert b"Ann" not in before
        assert (await client.get("/")).json() == {"user": "Ann"}
        await client.post("/set", json={"user": "Ann"})
        assert await stored_data(site) == [before]  # no write without a change
        await client.post("/rotate", json={"cart": 1})
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 1}


async def test_changes_of_two_requests_are_merged_below_a_seal(opening: Opening) -> None:
    async with opening(sealing) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": 1}))
        await site.gate.reached()
        await client.post("/set", json={"fast": 1})
        site.gate.open()
        assert (await slow).status_code == 201
        assert (await client.get("/")).json() == {"user": "Ann", "slow": 1, "fast": 1}


@pytest.mark.parametrize("policy", ["overwrite", "error"])
async def test_other_rules_for_conflicts_hold_below_a_seal(
    tmp_path: Path, clock: Clock, policy: str
) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    site_with = open_site(url, is_async=False, clock=clock, subclass=sealing, on_conflict=policy)
    async with site_with as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": 1}))
        await site.gate.reached()
        await client.post("/set", json={"fast": 1})
        site.gate.open()
        assert (await slow).status_code == (409 if policy == "error" else 201)
        winner = "fast" if policy == "error" else "slow"
        assert (await client.get("/")).json() == {"user": "Ann", winner: 1}


@pytest.mark.parametrize("path", ["/clear", "/rotate"])
async def test_what_has_ended_stays_ended_below_an_override(
    opening: Opening, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    notes: list[tuple[str, str]] = []
    async with opening(partial(noting, notes=notes)) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": 1}))
        await site.gate.reached()
        await client.post(path, json={})
        notes.clear()
        site.gate.open()
        assert (await slow).status_code == 201
        assert await site.rows() == (0 if path == "/clear" else 1)
        assert all(method == "get" for method, _ in notes)
        event = "gone" if path == "/clear" else "rotated"
        assert events(caplog) == [event]


async def test_a_session_is_renewed_below_an_override(opening: Opening, clock: Clock) -> None:
    async with opening(sealing, renew_on_access=True) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        for _ in range(3):
            clock.advance(seconds=MAX_AGE - 1)
            assert (await client.get("/")).json() == {"user": "Ann"}
        clock.advance(seconds=MAX_AGE)
        assert (await client.get("/")).json() == {}


async def test_a_cache_in_front_brings_back_nothing_that_has_ended(opening: Opening) -> None:
    caches: list[dict[str, bytes]] = []

    def caching(base: Any) -> Any:
        cache: dict[str, bytes] = {}
        caches.append(cache)

        async def get(self: Any, session_id: str, store: Any) -> bytes | None:
            return cache.get(session_id) or await base.get(self, session_id, store)

        async def set_(self: Any, session_id: str, data: bytes, store: Any) -> None:
            await base.set(self, session_id, data, store)
            cache[session_id] = data

        async def delete(self: Any, session_id: str, store: Any) -> None:
            cache.pop(session_id, None)
            await base.delete(self, session_id, store)

        return with_methods(base, get=get, set=set_, delete=delete)

    async with opening(caching) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        assert list(caches[0]) == [client.cookies["session"]]
        assert (await client.get("/")).json() == {"user": "Ann"}
        await site.empty()  # signed out by another process, which has a cache of its own
        assert (await client.get("/")).json() == {}
        await client.post("/set", json={"user": "Bob"})
        await client.post("/rotate", json={})
        assert (await client.get("/")).json() == {"user": "Bob"}
        await client.post("/clear")
        assert client.cookies.get("session") is None
        assert await site.rows() == 0


async def test_an_override_may_change_the_id_and_ask_the_store(opening: Opening) -> None:
    def prefixing(base: Any) -> Any:
        async def get(self: Any, session_id: str, store: Any) -> Any:
            return await base.get(self, f"tenant:{session_id}", store)

        async def set_(self: Any, session_id: str, data: bytes, store: Any) -> None:
            await base.set(self, f"tenant:{session_id}", data, store)

        async def delete(self: Any, session_id: str, store: Any) -> None:
            await base.delete(self, f"tenant:{session_id}", store)

        return with_methods(base, get=get, set=set_, delete=delete)

    async with opening(prefixing) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        await client.post("/set", json={"cart": 1})
        await client.post("/rotate", json={})
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 1}
        await client.post("/clear")
        assert await site.rows() == 0


def storing_elsewhere(base: Any) -> Any:
    sessions: dict[str, bytes] = {}

    async def get(_self: Any, session_id: str, store: Any) -> bytes | None:  # noqa: ARG001
        return sessions.get(session_id)

    async def set_(_self: Any, session_id: str, data: bytes, store: Any) -> None:  # noqa: ARG001
        sessions[session_id] = data

    return with_methods(base, get=get, set=set_)


async def test_a_set_that_leaves_out_the_table_is_an_error_that_names_the_remedy(
    opening: Opening,
) -> None:
    async with opening(storing_elsewhere, options={"debug": True}) as site:
        async with site.visitor() as client:
            response = await client.post("/set", json={"user": "Ann"})
        assert response.status_code == 500
        assert "Own.set has not called super().set(" in response.text
        assert "set-cookie" not in response.headers


@pytest.mark.parametrize("fails", [False, True])
async def test_a_sign_out_is_carried_out_whatever_delete_does(
    opening: Opening, *, fails: bool
) -> None:
    async def delete(_self: Any, session_id: str, store: Any) -> None:  # noqa: ARG001
        if fails:
            raise RuntimeError("the audit log is full")

    async with opening(partial(with_methods, delete=delete)) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        await client.post("/rotate", json={})
        assert (await client.get("/")).json() == {"user": "Ann"}
        assert (await client.post("/clear")).status_code == (500 if fails else 201)
        assert await site.rows() == 0


async def test_a_broken_seal_is_a_session_that_cannot_be_decoded(
    opening: Opening, caplog: pytest.LogCaptureFixture
) -> None:
    async with opening(sealing) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        await site._execute(UserSession.__table__.update().values(data=b'{"user": "Eve"}'))  # type: ignore[attr-defined]  # a Table
        assert (await client.get("/")).json() == {}
        assert "undecodable" in events(caplog)
        assert "ValueError" in caplog.text


async def test_an_override_that_hides_an_error_saves_nothing_in_silence(opening: Opening) -> None:
    def hiding(base: Any) -> Any:
        async def set_(self: Any, session_id: str, data: bytes, store: Any) -> None:
            try:
                await base.set(self, session_id, data, store)
            except SessionConflictError:
                await base.set(self, session_id, data, store)  # which must not win either
            except Exception:  # noqa: BLE001 - as applications do
                pass

        return with_methods(base, set=set_)

    async with opening(hiding) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": 1}))
        await site.gate.reached()
        await client.post("/clear")
        site.gate.open()
        await slow
        assert await site.rows() == 0
        await site.drop_table()
        response = await client.post("/set", json={"user": "Ann"})
        assert response.status_code == 500
        assert "set-cookie" not in response.headers
        await site.backend._storage.create_table()


OTHER_IDS: dict[str, Callable[[], str]] = {
    "UUID": lambda: str(uuid.uuid4()),
    "prefix": lambda: "web_" + secrets.token_hex(32),
    "shorter": lambda: secrets.token_hex(8),
    "base64": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "punctuation": lambda: "!#$&'()*+-./:<=>?@[]^_`{|}~" + secrets.token_hex(16),
    "digest-like": lambda: "sha256:" + secrets.token_hex(32),
}


@pytest.mark.parametrize("make", OTHER_IDS.values(), ids=list(OTHER_IDS))
async def test_sessions_with_other_ids_are_found_again(
    opening: Opening, make: Callable[[], str]
) -> None:
    def generate(_self: Any) -> str:
        return make()

    generating = partial(with_methods, generate_session_id=generate)
    async with opening(generating) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        assert (await client.get("/")).json() == {"user": "Ann"}
        await client.post("/rotate", json={"cart": 1})
        assert (await client.get("/")).json() == {"user": "Ann", "cart": 1}
        for made_up in (make(), "null", "a%41", "x" * 256):
            async with site.visitor(made_up) as stranger:
                await stranger.post("/set", json={"user": "Eve"})
                assert stranger.cookies["session"] != made_up


@pytest.mark.parametrize("session_id", ["", "null", "with a space", "a%41b", "x" * 256, 'quo"te'])
async def test_ids_that_would_be_lost_are_refused(opening: Opening, session_id: str) -> None:
    def generate(_self: Any) -> str:
        return session_id

    generating = partial(with_methods, generate_session_id=generate)
    async with opening(generating, options={"debug": True}) as site, site.visitor() as client:
        assert (await client.get("/")).status_code == 200
        response = await client.post("/set", json={"user": "Ann"})
        assert "generate_session_id makes IDs that are not looked up" in response.text
        assert await site.rows() == 0


async def test_nobody_gets_the_session_of_another_one_whose_id_was_made_again(
    opening: Opening,
) -> None:
    def generate(_self: Any) -> str:
        return "always-the-same"

    generating = partial(with_methods, generate_session_id=generate)
    site_with = opening(generating, options={"debug": True})
    async with site_with as site, site.visitor() as ann, site.visitor() as bob:
        await ann.post("/set", json={"user": "Ann"})
        response = await bob.post("/set", json={"user": "Bob"})
        assert "has made the ID of another session" in response.text
        assert "session" not in bob.cookies
        assert (await ann.get("/")).json() == {"user": "Ann"}


async def test_what_litestar_calls_with_a_connection_is_called(opening: Opening) -> None:
    notes: list[str] = []

    def wrapping(base: Any) -> Any:
        async def load(self: Any, connection: Any) -> Any:
            session = await base.load_from_connection(self, connection)
            notes.append("load")
            return session

        async def store(self: Any, session: Any, message: Any, connection: Any) -> None:
            await base.store_in_message(self, session, message, connection)
            notes.append("store")

        return with_methods(base, load_from_connection=load, store_in_message=store)

    async with opening(wrapping) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        assert (await client.get("/")).json() == {"user": "Ann"}
        assert notes == ["load", "store"] * 2
        await client.post("/clear")
        assert await site.rows() == 0


async def test_a_load_of_its_own_is_an_error_that_names_the_remedy(opening: Opening) -> None:
    async def load(_self: Any, _connection: Any) -> dict[str, Any]:
        return {"from": "elsewhere"}

    loading = partial(with_methods, load_from_connection=load)
    async with opening(loading, options={"debug": True}) as site, site.visitor() as client:
        response = await client.get("/")
        assert "has not called super().load_from_connection(connection)" in response.text
        assert await site.rows() == 0


@pytest.mark.parametrize("base", [SQLAlchemyAsyncSessionBackend, SQLAlchemySyncSessionBackend])
@pytest.mark.parametrize(
    "name",
    [
        *("get_session_id", "open_session", "next_expiry", "supports_merge", "supports_upsert"),
        *("policy", "keys", "clock", "engine", "model", "alchemy"),
        *("_get_session_obj", "_update_session_expiry", "_get_sync"),
    ],
)
def test_a_backend_that_overrides_what_nobody_asks_is_refused(base: Any, name: str) -> None:
    mixin = type("Mixin", (), {name: property(lambda _self: None)})
    with pytest.raises(ConfigurationError, match=rf"Own\.{name} would be ignored.*: \w+"):
        type("Own", (mixin, base), {})


@pytest.mark.parametrize("name", ["create_backend", "get_store_from_app", "engine", "keys"])
def test_a_config_that_overrides_what_nobody_asks_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"Own\.{name} would be ignored"):
        type("Own", (SQLAlchemySessionConfig,), {name: lambda _self: None})


def test_a_middleware_that_overrides_what_nobody_asks_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"override __call__"):
        type("Own", (SQLAlchemySessionMiddleware,), {"create_send_wrapper": lambda _self: None})


def test_a_backend_of_another_kind_is_refused(config: SQLAlchemySessionConfig) -> None:
    name = {"_backend_class": ServerSideSessionBackend}
    config.__class__ = type("Own", (SQLAlchemySessionConfig,), name)
    with pytest.raises(ConfigurationError, match=r"derive it from SQLAlchemyAsyncSessionBackend"):
        app_with(middleware=[config.middleware])


async def test_the_store_of_a_config_asks_the_methods(tmp_path: Path) -> None:
    notes: list[tuple[str, str]] = []

    class Config(SQLAlchemySessionConfig):
        _backend_class = noting(sealing(SQLAlchemySyncSessionBackend), notes)

    alchemy = SQLAlchemySyncConfig(f"sqlite:///{tmp_path}/sessions.db")
    config = Config(alchemy_config=alchemy, model=UserSession, create_table=True)
    store = config.get_store_from_app(None)  # type: ignore[arg-type]  # not used
    await store.set("one", b"data", expires_in=60)
    await store.set("two", b"data")
    assert await store.get("one") == b"data"
    raw = await config.create_backend().storage.load("one")
    assert raw is not None
    assert raw.data.startswith(b"sealed:")
    await store.delete("one")
    assert await store.get("one") is None
    await store.delete_all()
    assert not await store.exists("two")
    assert {method for method, _ in notes} == {"get", "set", "delete", "delete_all"}
    await config.dispose()


@pytest.mark.parametrize("base", [SQLAlchemyAsyncSessionBackend, SQLAlchemySyncSessionBackend])
def test_a_class_that_overrides_nothing_has_no_detour(base: Any, tmp_path: Path) -> None:
    is_async = base is SQLAlchemyAsyncSessionBackend
    url = f"sqlite{'+aiosqlite' if is_async else ''}:///{tmp_path}/sessions.db"
    alchemy: Any = SQLAlchemyAsyncConfig(url) if is_async else SQLAlchemySyncConfig(url)
    plain = type("Own", (base,), {"note": "of the application"})
    backend = plain(ServerSideSessionConfig(), alchemy, UserSession)
    tracked = backend.open_session({"type": "http", "headers": [], "state": {}}).tracked
    assert tracked.storage is backend.storage


def test_sockets_and_litestars_test_client_go_through_the_methods(
    config: SQLAlchemySessionConfig,
) -> None:
    notes: list[tuple[str, str]] = []

    @websocket("/socket")
    async def serve_socket(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        socket.session["socket"] = 1
        await save_session(socket)
        await socket.send_text("saved")
        await socket.close()

    own = noting(sealing(config._backend_class), notes)
    config.__class__ = type("Own", (SQLAlchemySessionConfig,), {"_backend_class": own})
    with TestClient(app_of(config, serve_socket), session_config=config) as client:
        client.set_session_data({"user": "Ann"})
        with client.websocket_connect("/socket") as socket:
            assert socket.receive_text() == "saved"
        assert client.get("/").json() == {"user": "Ann", "socket": 1}
        assert client.get_session_data() == {"user": "Ann", "socket": 1}
    assert [method for method, _ in notes] == ["set", "get", "set", "get", "get"]
