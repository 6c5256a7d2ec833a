"""What listeners hear of sessions, and that they harm no request."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from threading import Event, get_ident
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Request, WebSocket, get, post, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient

from litestar_sessions import (
    ConfigurationError,
    SessionEvent,
    SessionPlugin,
    end_all_sessions,
    end_other_sessions,
    end_session,
    list_sessions,
    rotate_session_id,
    save_session,
)
from litestar_sessions._requests.listeners import Listeners
from litestar_sessions._requests.told import ToldStorage
from tests.support.apps import bare_app
from tests.support.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = 30
request_name: ContextVar[str] = ContextVar("request_name", default="none")


@post("/set")
async def change(request: Request[Any, Any, Any]) -> None:
    request.session.update(await request.json())


@post("/clear")
async def sign_out(request: Request[Any, Any, Any]) -> None:
    request.clear_session()


@post("/rotate")
async def rotate(request: Request[Any, Any, Any]) -> None:
    rotate_session_id(request)
    request.session["rotated"] = True


@get("/")
async def show(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return dict(request.session)


@post("/end-first")
async def end_first(request: Request[Any, Any, Any]) -> bool:
    others = [info for info in await list_sessions(request) if not info.is_current]
    return await end_session(request, others[0].id)


@post("/end-others")
async def end_others(request: Request[Any, Any, Any]) -> int:
    return await end_other_sessions(request)


@post("/end-all")
async def end_all(request: Request[Any, Any, Any]) -> int:
    return await end_all_sessions(request)


HANDLERS = [change, sign_out, rotate, show, end_first, end_others, end_all]


class Site:
    """An application, and what its listener has heard."""

    def __init__(self, url: str, clock: Clock, **settings: Any) -> None:
        self.heard: list[SessionEvent] = []
        self.plugin = SessionPlugin(
            url, owner="user", clock=clock, listeners=[self.heard.append], max_age=100, **settings
        )
        self.app = bare_app(HANDLERS, plugins=[self.plugin])

    def news(self) -> list[tuple[Any, ...]]:
        """Return what was heard since this was last asked."""
        listeners = self.plugin.config.settings.listeners
        assert listeners is not None
        listeners.close()
        heard, self.heard[:] = list(self.heard), []
        return [(e.kind, e.owner, e.reason, e.count) for e in heard]


@contextmanager
def visiting(site: Site, count: int = 1) -> Iterator[list[TestClient[Any]]]:
    with TestClient(site.app, raise_server_exceptions=False) as first:
        yield [first, *(TestClient(site.app) for _ in range(count - 1))]


@pytest.fixture(params=["sqlite+aiosqlite", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.param}:///{tmp_path}/sessions.db"


def test_listeners_hear_what_befalls_a_session_and_nothing_that_opens_it(url: str) -> None:
    clock = Clock()
    site = Site(url, clock, max_data_size=1_000)
    with visiting(site) as (client,):
        client.get("/")
        assert site.news() == []
        client.post("/set", json={"cart": 1})
        assert site.news() == [("created", None, None, 1)]
        client.get("/")
        assert site.news() == []
        client.post("/set", json={"user": "ann"})
        assert site.news() == [("changed", "ann", None, 1), ("rotated", "ann", "rights", 1)]
        client.post("/rotate")
        assert site.news() == [("changed", "ann", None, 1), ("rotated", "ann", "rights", 1)]
        clock.advance(seconds=50)
        client.get("/")
        site.plugin.config.settings.listeners.close()  # type: ignore[union-attr]  # there is one
        (event,) = site.heard
        assert event.at == clock()
        assert event.id is not None
        assert client.cookies["session"] not in repr(event)
        assert site.news() == [("renewed", "ann", None, 1)]
        assert client.post("/set", json={"cart": "x" * 2_000}).status_code == 500
        assert site.news() == [("too_large", "ann", None, 1)]
        client.post("/clear")
        assert site.news() == [("ended", "ann", "signed_out", 1)]


def test_listeners_hear_why_sessions_have_ended(url: str) -> None:
    clock = Clock()
    site = Site(url, clock, max_sessions_per_owner=3)
    with visiting(site, 4) as clients:
        for client in clients:
            client.post("/set", json={"user": "ann"})
            clock.advance(seconds=1)
        created = ("created", "ann", None, 1)
        assert site.news() == [*[created] * 4, ("ended", "ann", "over_limit", 1)]
        clients[3].post("/end-first")
        assert site.news() == [("ended", "ann", "owner", 1)]
        clients[0].post("/set", json={"user": "ann"})
        clients[3].post("/end-others")
        assert site.news() == [created, ("ended", "ann", "owner", 2)]
        clients[3].post("/end-all")
        assert site.news() == [("ended", "ann", "owner", 1)]
        clients[0].post("/set", json={"user": "ann"})
        call = clients[0].blocking_portal.call
        config, backend = site.plugin.config, site.plugin.config.create_backend()
        call(config.end_sessions, "ann")
        assert site.news() == [created, ("ended", "ann", "administrator", 1)]
        clients[0].post("/set", json={"user": "ann"})
        clock.advance(seconds=101)
        call(backend.delete_expired)
        assert site.news() == [created, ("ended", None, "expired", 1)]
        call(backend.delete_all)
        assert site.news() == []  # there were none
        store = backend.as_store()
        call(store.set, "0" * 64, b"{}")
        call(partial(store.get, "0" * 64, renew_for=50))
        call(store.delete, "0" * 64)
        assert [each[0] for each in site.news()] == ["changed", "renewed", "ended"]


@pytest.mark.parametrize("on_conflict", ["merge", "error", "overwrite"])
def test_listeners_hear_of_merges_conflicts_damage_and_outages(url: str, on_conflict: Any) -> None:
    site = Site(url, Clock(), on_conflict=on_conflict)

    @post("/meanwhile")
    async def change_meanwhile(request: Request[Any, Any, Any]) -> None:
        request.session["mine"] = 1
        backend = site.plugin.config.create_backend()
        await backend.set(backend.get_session_id(request), b'{"user": "ann", "theirs": 1}')

    site.app.register(change_meanwhile)
    with visiting(site) as (client,):
        client.post("/set", json={"user": "ann"})
        client.post("/meanwhile")
        changed = ("changed", "ann", None, 1)
        outcome = {
            "merge": [changed, ("merged", "ann", None, 1)],
            "error": [("conflict", "ann", None, 1)],
            "overwrite": [changed],
        }
        assert site.news()[1:] == [changed, *outcome[on_conflict]]
        call = client.blocking_portal.call
        call(site.plugin.config.create_backend().set, client.cookies["session"], b"{")
        client.get("/")
        assert site.news()[1:] == [("undecodable", None, None, 1)]
        health = site.plugin.config.settings.health
        health.note_failure(TimeoutError(), asked_at=0)
        health.note_failure(TimeoutError(), asked_at=0)
        health.note_answer()
        assert [each[0] for each in site.news()] == ["unavailable", "available"]


def test_a_session_that_nobody_was_told_of_is_withdrawn(url: str) -> None:
    site = Site(url, Clock())

    @websocket("/refused")
    async def refuse(socket: WebSocket[Any, Any, Any]) -> None:
        socket.session["cart"] = 1
        await save_session(socket)
        await socket.close()

    site.app.register(refuse)
    with visiting(site) as (client,):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/refused"):
            pass
        assert [each[:3:2] for each in site.news()] == [
            ("created", None),
            ("ended", "withdrawn"),
        ]


def test_nothing_is_called_for_listeners_where_there_are_none(tmp_path: Path) -> None:
    plugin = SessionPlugin(f"sqlite:///{tmp_path}/s.db")
    backend = plugin.config.create_backend()
    assert plugin.config.settings.listeners is None
    assert not isinstance(backend._storage, ToldStorage)
    assert not isinstance(backend.as_store().storage, ToldStorage)


def test_a_listener_that_fails_or_is_slow_harms_no_request_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate, heard = Event(), Event(), []

    def fail(_event: SessionEvent) -> None:
        begun.set()
        raise ValueError("quotes a secret")

    def dawdle(event: SessionEvent) -> None:
        gate.wait(LONG)
        heard.append((event.kind, get_ident()))

    monkeypatch.setattr(Listeners, "MOST_WAITING", 2)
    plugin = SessionPlugin(f"sqlite:///{tmp_path}/s.db", listeners=[fail, dawdle])
    app = bare_app(HANDLERS, plugins=[plugin])
    with caplog.at_level(logging.WARNING), TestClient(app) as site:
        for number in range(6):
            assert site.post("/set", json={"number": number}).status_code == 201
        gate.set()
    events = [record.__dict__.get("session_event") for record in caplog.records]
    assert events.count("listener_failed") == events.count("events_dropped") == 1
    assert "secret" not in caplog.text
    assert heard[0][0] == "created"
    assert len(heard) == 3
    assert get_ident() not in {thread for _, thread in heard}


def test_a_listener_has_the_context_of_whoever_told(tmp_path: Path) -> None:
    heard = []

    @post("/named")
    async def named(request: Request[Any, Any, Any]) -> None:
        request_name.set("the request")
        request.session["cart"] = 1
        await save_session(request)

    plugin = SessionPlugin(
        f"sqlite:///{tmp_path}/s.db", listeners=[lambda _: heard.append(request_name.get())]
    )
    with TestClient(bare_app([named], plugins=[plugin])) as client:
        client.post("/named")
    assert heard == ["the request"]


async def _async_listener(_event: SessionEvent) -> None: ...


class _AsyncListener:
    async def __call__(self, _event: SessionEvent) -> None: ...


@pytest.mark.parametrize("wrong", [print, [_async_listener], [_AsyncListener()], ["print"], None])
def test_what_cannot_listen_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="listeners="):
        SessionPlugin("sqlite://", listeners=wrong)
