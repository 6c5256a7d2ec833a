"""Asking whether a session is still live: what is found then, and what it costs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.testing import TestClient
from sqlalchemy import event, text, update
from sqlalchemy.util import await_only

from litestar_sessions import (
    SQLAlchemySessionConfig,
    refresh_session,
    rotate_session_id,
    save_session,
)
from tests.support.apps import Visit, app_of
from tests.support.models import UserSession
from tests.support.site import MAX_AGE, Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import httpx

    from tests.support.clock import Clock


@post("/refresh")
async def refresh(request: Visit) -> list[Any]:
    """Change the session, wait, ask, change it again; return what was found and is there."""
    before, after = await request.json()
    request.session.update(before)
    await request.app.state.gate.hold()
    stored = await refresh_session(request)
    found = [stored is not None, dict(request.session)]
    request.session.update(after)
    return found


@post("/replace")
async def replace(request: Visit) -> bool:
    """Have another dictionary in the session, and ask."""
    request.set_session(await request.json())
    return await refresh_session(request) is not None


@post("/clear-and-ask")
async def clear_and_ask(request: Visit) -> bool:
    request.clear_session()
    return await refresh_session(request) is not None


@pytest.fixture(params=["sqlite", "sqlite+aiosqlite"])
async def open_with(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Callable[..., Any]:
    def opened(**settings: Any) -> Any:
        url = f"{request.param}:///{tmp_path}/s.db"
        options = {"route_handlers": [refresh, replace, clear_and_ask]}
        is_async = request.param != "sqlite"
        return open_site(url, is_async=is_async, clock=clock, options=options, **settings)

    return opened


@pytest.fixture
async def site(open_with: Callable[..., Any]) -> AsyncIterator[Site]:
    async with open_with() as site:
        yield site


async def during(site: Site, request: Any, meanwhile: Any) -> httpx.Response:
    """Have something done while a request holds at the gate; return its response."""
    task = asyncio.ensure_future(request)
    await site.gate.reached()
    await meanwhile
    site.gate.open()
    response: httpx.Response = await task
    return response


MEANWHILE: dict[str, tuple[str, Any, Any, Any]] = {
    "nothing": ("/id", {}, {"user": "Ann", "mine": 1}, {"user": "Ann", "mine": 1, "later": 1}),
    "other keys": (
        *("/set", {"theirs": 2}),
        {"user": "Ann", "mine": 1, "theirs": 2},
        {"user": "Ann", "mine": 1, "theirs": 2, "later": 1},
    ),
    "the same key": (
        *("/set", {"mine": 2, "user": "Bob"}),
        {"user": "Bob", "mine": 1},
        {"user": "Bob", "mine": 1, "later": 1},
    ),
}


@pytest.mark.parametrize(("path", "change", "found", "left"), MEANWHILE.values(), ids=MEANWHILE)
async def test_what_others_have_changed_is_there_beside_own_changes_and_all_is_saved(
    site: Site, path: str, change: Any, found: Any, left: Any
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        other = client.post(path, json=change) if path == "/set" else client.get(path)
        asking = client.post("/refresh", json=[{"mine": 1}, {"later": 1}])
        response = await during(site, asking, other)
        assert response.json() == [True, found]
        assert (await client.get("/")).json() == left


@pytest.mark.parametrize("path", ["/clear", "/rotate", "/restart"])
@pytest.mark.parametrize("mine", [{}, {"mine": 1}])
async def test_what_others_have_ended_is_empty_and_stays_ended(
    site: Site, path: str, mine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        former = client.cookies["session"]
        other = client.post(path, json={"user": "Bob"})
        asking = client.post("/refresh", json=[mine, {"later": 1}])
        response = await during(site, asking, other)
        assert response.json() == [False, {}]
        rows = 0 if path == "/clear" else 1
        assert await site.rows() == rows
        # The cookie of whoever rotated is left alone, and any other is cleared.
        is_cleared = "Max-Age=0" in response.headers.get("set-cookie", "")
        assert is_cleared is (path != "/rotate")
    async with site.visitor(former) as client:
        assert (await client.get("/")).json() == {}
    assert not [r for r in caplog.records if r.name == "litestar_sessions"]


async def test_a_session_that_expires_meanwhile_has_ended(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})

        async def expire() -> None:
            clock.advance(seconds=MAX_AGE)

        asking = client.post("/refresh", json=[{"mine": 1}, {"later": 1}])
        response = await during(site, asking, expire())
        assert response.json() == [False, {}]
        assert (await client.get("/")).json() == {}


async def test_the_absolute_timeout_ends_a_session_whatever_its_row_says(
    open_with: Callable[..., Any], clock: Clock
) -> None:
    async with open_with(absolute_timeout=MAX_AGE) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})

        async def wait() -> None:
            later = update(UserSession).values(expires_at=clock.after(seconds=9 * MAX_AGE))
            await site._execute(later)
            clock.advance(seconds=MAX_AGE)

        asking = client.post("/refresh", json=[{}, {"later": 1}])
        assert (await during(site, asking, wait())).json() == [False, {}]


@pytest.mark.parametrize("damage", ["data = '{'", "expires_at = 'soon'"])
async def test_what_others_have_damaged_is_empty(
    site: Site, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        asking = client.post("/refresh", json=[{"mine": 1}, {}])
        breaking = text(f"UPDATE user_sessions SET {damage}")
        response = await during(site, asking, site._execute(breaking))
        assert response.json() == [False, {}]
    events = [r.session_event for r in caplog.records if r.name == "litestar_sessions"]  # type: ignore[attr-defined]  # set by extra=
    assert events == ["undecodable"]


async def test_asking_is_one_statement_and_renews_nothing(site: Site, clock: Clock) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        statements: list[str] = []

        @event.listens_for(site.engine, "before_cursor_execute")
        def note(_c: object, _cursor: object, sql: str, *_: object) -> None:
            statements.append(sql.split(maxsplit=1)[0])

        async def wait() -> None:
            statements.clear()
            clock.advance(seconds=MAX_AGE / 20)

        response = await during(site, client.post("/refresh", json=[{}, {}]), wait())
        assert response.json() == [True, {"user": "Ann"}]
        assert statements == ["SELECT"]


async def test_a_database_that_cannot_answer_is_an_error(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        asking = client.post("/refresh", json=[{}, {}])
        assert (await during(site, asking, site.drop_table())).status_code == 500


async def test_for_a_visitor_without_a_session_the_database_is_not_asked(site: Site) -> None:
    await site.drop_table()
    async with site.visitor() as client:
        site.gate.open()
        response = await client.post("/refresh", json=[{}, {}])
        assert response.json() == [False, {}]


async def test_a_session_that_is_not_saved_yet_stays_as_it_is(site: Site) -> None:
    site.gate.open()
    async with site.visitor() as client:
        response = await client.post("/refresh", json=[{"cart": 1}, {}])
        assert response.json() == [False, {"cart": 1}]
        assert (await client.get("/")).json() == {"cart": 1}


async def test_another_dictionary_in_its_place_is_asked_about_too(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        assert (await client.post("/replace", json={"user": "Bob"})).json() is True
        assert (await client.get("/")).json() == {"user": "Bob"}


async def test_what_was_cleared_here_has_ended(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        assert (await client.post("/clear-and-ask")).json() is False
        assert await site.rows() == 0


@pytest.mark.parametrize(
    ("on_conflict", "outcome"), [("error", 409), ("overwrite", [True, {"user": "Ann", "mine": 1}])]
)
async def test_conflicts_are_what_they_are_on_saving(
    open_with: Callable[..., Any], on_conflict: str, outcome: Any
) -> None:
    async with open_with(on_conflict=on_conflict) as site, site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        other = client.post("/set", json={"theirs": 2})
        response = await during(site, client.post("/refresh", json=[{"mine": 1}, {}]), other)
        assert outcome in (response.status_code, response.json())


def test_a_background_task_learns_that_its_session_has_ended(
    config: SQLAlchemySessionConfig,
) -> None:
    found: list[Any] = []

    async def ask(request: Visit) -> None:
        request.session["later"] = 1
        backend = config.create_backend()
        if "end" in request.query_params:
            await backend.delete_all()
        found.append(await refresh_session(request) is not None)
        found.append(dict(request.session))
        request.session["later"] = 2
        await save_session(request)

    @get("/ask")
    async def answer(request: Visit) -> Response[str]:
        return Response("done", background=BackgroundTask(ask, request))

    with TestClient(app_of(config, answer)) as client:
        client.post("/set", json={"user": "Ann"})
        client.get("/ask")
        assert client.get("/").json() == {"user": "Ann", "later": 2}
        client.get("/ask", params={"end": "yes"})
        assert client.get("/").json() == {}
    assert found == [True, {"user": "Ann", "later": 1}, False, {}]


@post("/rotate-while-asking")
async def rotate_while_asking(request: Visit) -> list[Any]:
    """Ask, and have another ID before the answer is there."""
    asking = asyncio.create_task(refresh_session(request))
    await request.app.state.gate.reached()
    rotate_session_id(request)
    request.session["later"] = 1
    await save_session(request)
    request.app.state.gate.open()
    return [await asking is not None, dict(request.session)]


async def test_an_answer_that_an_own_save_has_overtaken_is_asked_for_again(
    tmp_path: Path, clock: Clock
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/s.db"
    options = {"route_handlers": [rotate_while_asking]}
    async with (
        open_site(url, is_async=True, clock=clock, options=options) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        selects: list[str] = []

        @event.listens_for(site.engine, "after_cursor_execute")
        def hold(_c: object, _cursor: object, sql: str, *_: object) -> None:
            if sql.startswith("SELECT"):
                selects.append(sql)
                if len(selects) == 2:  # the first one loads the session
                    await_only(site.gate.hold())

        response = await client.post("/rotate-while-asking")
        assert response.json() == [True, {"user": "Ann", "later": 1}]
        assert len(selects) == 3
        assert (await client.get("/")).json() == {"user": "Ann", "later": 1}
