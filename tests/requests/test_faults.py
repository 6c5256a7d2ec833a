"""When the database fails: what the visitor meets, and what the logs may know."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from typing import TYPE_CHECKING, Any, get_args

import pytest
from litestar import Request, Response, get, post
from litestar.response import Template
from litestar.serialization import encode_json
from litestar.template import TemplateConfig
from litestar.testing import TestClient
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    SessionDatabaseError,
    SessionUnavailableError,
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    save_session,
)
from tests.support.apps import app_of
from tests.support.databases import url_on
from tests.support.faults import Fragile, fragile_database
from tests.support.litestars import JinjaTemplateEngine
from tests.support.models import FullSession, UserSession
from tests.support.site import HOST, Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database, StartedServers

KNOWN = "0123456789abcdef" * 4


@pytest.fixture(params=get_args(Wiring))
def wiring(request: pytest.FixtureRequest) -> Wiring:
    wiring: Wiring = request.param
    return wiring


@pytest.fixture
def fragile(any_database: tuple[bool, Database]) -> Iterator[Fragile]:
    is_async, database = any_database
    with fragile_database(database, is_async=is_async) as fragile:
        yield fragile


async def test_only_requests_that_need_their_session_meet_a_database_that_fails(
    fragile: Fragile, clock: Clock, wiring: Wiring
) -> None:
    async with open_site(
        fragile.url, is_async=fragile.is_async, clock=clock, wiring=wiring
    ) as site:
        async with site.visitor() as client:
            await client.post("/set", json={"user": "Ann"})
            session_id = client.cookies["session"]
            async with fragile.outage(site.dispose):
                assert (await client.get("/quiet")).status_code == 200
                for method, path in (
                    *(("GET", "/"), ("POST", "/set"), ("POST", "/clear"), ("POST", "/restart")),
                    *(("POST", "/rotate"), ("POST", "/remove"), ("POST", "/nested")),
                ):
                    response = await client.request(method, path, json={"user": "Bob"})
                    assert response.status_code == 503, path
                    assert response.json()["detail"].startswith("The session is unavailable")
                    assert response.headers["cache-control"] == "no-store"
                    assert int(response.headers["retry-after"]) > 0
                    # Whoever signs out and leaves is signed out here, if nowhere else.
                    is_ended = path in {"/clear", "/restart"}
                    assert ("session=null" in response.headers.get("set-cookie", "")) is is_ended
                    client.cookies.set("session", session_id, domain=HOST)
            assert (await client.get("/")).json() == {"user": "Ann"}
        async with site.visitor() as client, fragile.outage(site.dispose):
            assert (await client.get("/")).json() == {}
            assert (await client.post("/set", json={"user": "Bob"})).status_code == 503
            assert client.cookies.get("session") is None


@get("/pass-on")
async def pass_on(request: Request[Any, Any, Any]) -> Any:
    """Do with the session what looks at nothing in it."""
    held: Any = request.scope["session"]
    ways: dict[str, Callable[[], Any]] = {
        "returned": lambda: request.session,
        "inside": lambda: [{"session": request.session}],
        "encoded": lambda: encode_json(request.session).decode(),
        "shown": lambda: f"{request.session}",
        "unpacked": lambda: {**held},
        "copied": lambda: {"copy": held.copy()},
        "merged": lambda: {} | held,
        "merged-with": lambda: held | {},
        "untouched": lambda: None,
    }
    template = Template(template_str="{{ request.session }}", media_type="text/html")
    return template if request.url.query == "template" else ways[request.url.query]()


def test_a_session_that_is_only_passed_on_is_a_use_of_it(
    config: SQLAlchemySessionConfig, tmp_path: Path
) -> None:
    templates = TemplateConfig(directory=tmp_path, engine=JinjaTemplateEngine)
    app = app_of(config, pass_on, template_config=templates)
    uses = ["returned", "inside", "encoded", "shown", "template"]
    uses += ["unpacked", "copied", "merged", "merged-with"]
    with TestClient(app, raise_server_exceptions=False) as client:
        client.post("/set", json={"user": "Ann"})
        assert {client.get(f"/pass-on?{use}").status_code for use in uses} == {200}
        for file in tmp_path.glob("sessions.db*"):
            file.unlink()
        (tmp_path / "sessions.db").mkdir()
        answers = {use: client.get(f"/pass-on?{use}").status_code for use in uses}
        assert answers == dict.fromkeys(uses, 503)
        assert client.get("/pass-on?untouched").status_code == 200


async def test_a_sign_out_that_fails_after_loading_clears_the_cookie(
    fragile: Fragile, clock: Clock, wiring: Wiring
) -> None:
    async with (
        open_site(fragile.url, is_async=fragile.is_async, clock=clock, wiring=wiring) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        slow = asyncio.create_task(client.post("/clear", params={"hold": "1"}))
        await site.gate.reached()
        async with fragile.outage(site.dispose):
            site.gate.open()
            response = await slow
        assert response.status_code == 503
        assert response.headers["cache-control"] == "no-store"
        assert "session" not in client.cookies


async def test_a_session_that_was_read_but_not_renewed_is_no_error(
    fragile: Fragile, clock: Clock, wiring: Wiring, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_site(fragile.url, is_async=fragile.is_async, clock=clock, wiring=wiring) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=500)
        slow = asyncio.create_task(client.post("/hold"))
        await site.gate.reached()
        async with fragile.outage(site.dispose):
            site.gate.open()
            assert (await slow).json() == {"user": "Ann"}
    assert events(caplog) == ["unavailable", "not_renewed"]


@pytest.mark.parametrize("is_carried_out", [False, True])
async def test_a_session_that_was_read_but_not_rotated_is_found_by_both_ids(
    fragile: Fragile, clock: Clock, *, is_carried_out: bool
) -> None:
    settings: dict[str, Any] = {"model": FullSession, "rotation_interval": 400}
    async with (
        open_site(fragile.url, is_async=fragile.is_async, clock=clock, **settings) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=500)
        slow = asyncio.create_task(client.post("/hold"))
        await site.gate.reached()
        async with fragile.outage(site.dispose):
            site.gate.open()
            assert (await slow).json() == {"user": "Ann"}
        former, present = client.cookies["session"], client.cookies["session-in-doubt"]
        if is_carried_out:
            assert await site.backend.storage.rotate(former, present)
        assert (await client.get("/")).json() == {"user": "Ann"}
        assert "session-in-doubt" not in client.cookies
        assert client.cookies["session"] != former
        assert (await client.get("/")).json() == {"user": "Ann"}
        assert await site.rows() == 1


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [record for record in caplog.records if record.name == "litestar_sessions"]
    return [record.session_event for record in records]  # type: ignore[attr-defined]  # set by extra=


async def test_an_application_can_handle_a_database_that_fails(
    fragile: Fragile, clock: Clock, wiring: Wiring
) -> None:
    causes: list[BaseException | None] = []

    def handle(_: object, error: SessionUnavailableError) -> Response[str]:
        causes.append(error.__cause__)
        return Response("come back", status_code=503, headers={"retry-after": "9"})

    options = {"exception_handlers": {SessionUnavailableError: handle}}
    async with (
        open_site(
            fragile.url, is_async=fragile.is_async, clock=clock, wiring=wiring, options=options
        ) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        async with fragile.outage(site.dispose):
            for method, path in (("GET", "/"), ("POST", "/clear")):
                response = await client.request(method, path)
                assert (response.status_code, response.headers["retry-after"]) == (503, "9")
    assert len(causes) == 2
    assert all(isinstance(cause, DBAPIError | OSError) for cause in causes)


async def test_an_outage_is_told_of_once_and_so_is_its_end(
    fragile: Fragile, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_site(fragile.url, is_async=fragile.is_async, clock=clock) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        async with fragile.outage(site.dispose):
            for _ in range(3):
                await client.get("/")
        assert (await client.get("/")).json() == {"user": "Ann"}
        session_id = client.cookies["session"]
    assert events(caplog) == ["unavailable", "available"]
    first, last = (r for r in caplog.records if r.name == "litestar_sessions")
    assert first.levelname == "ERROR"
    assert "Error: " in first.getMessage()
    assert "3 operations" in last.getMessage()
    assert session_id not in caplog.text
    assert "Ann" not in caplog.text


async def test_a_cached_route_whose_session_cannot_be_saved_is_not_cached(
    fragile: Fragile, clock: Clock
) -> None:
    @get("/cached", cache=60)
    async def cached(request: Request[Any, Any, Any]) -> str:
        request.session["visits"] = 1
        return "the page"

    options = {"route_handlers": [cached]}
    async with (
        open_site(fragile.url, is_async=fragile.is_async, clock=clock, options=options) as site,
        site.visitor() as client,
    ):
        async with fragile.outage(site.dispose):
            assert (await client.get("/cached")).status_code == 503
        response = await client.get("/cached")
        assert (response.status_code, response.text) == (200, "the page")


async def test_a_missing_table_is_no_outage_but_a_bug_and_named_in_the_log_alone(
    any_database: tuple[bool, Database],
    clock: Clock,
    wiring: Wiring,
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_async, database = any_database
    async with open_site(database.url, is_async=is_async, clock=clock, wiring=wiring) as site:
        async with site.visitor() as client:
            await client.post("/set", json={"user": "Ann"})
            await site.drop_table()
            assert (await client.get("/quiet")).status_code == 200
            for method, path in (("GET", "/"), ("POST", "/set"), ("POST", "/clear")):
                response = await client.request(method, path, json={"user": "Bob"})
                # Signing out is made up for by clearing the cookie, whatever the reason.
                assert response.status_code == (503 if path == "/clear" else 500), path
                assert ("session" in client.cookies) is (path != "/clear")
                assert "user_sessions" not in response.text
        async with site.visitor() as client:
            assert (await client.post("/set", json={"user": "Bob"})).status_code == 500
        await site.backend._storage.create_table()
    assert set(events(caplog)) == {"database_error"}
    assert all("user_sessions" in record.getMessage() for record in caplog.records)


SILENT = ["postgresql+asyncpg", "mysql+asyncmy", "postgresql+psycopg", "mysql+pymysql"]


@pytest.mark.parametrize("driver", SILENT)
async def test_a_server_that_never_answers_is_unavailable_in_bounded_time(
    driver: str, clock: Clock
) -> None:
    kind = SQLAlchemyAsyncConfig if "async" in driver else SQLAlchemySyncConfig
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = URL.create(driver, "user", "password", "127.0.0.1", port, "none")
        config = SQLAlchemySessionConfig(
            alchemy_config=kind(url), clock=clock, database_timeout=0.3
        )
        middleware = config.middleware
        site = Site(config, middleware.kwargs["backend"], middleware)
        async with site.visitor(KNOWN) as client:
            assert (await client.get("/quiet")).status_code == 200
            assert (await client.get("/")).status_code == 503
    await config.dispose()


@pytest.mark.parametrize("driver", SILENT)
async def test_a_server_may_be_restarted_and_stopped_for_a_while(
    own_servers: StartedServers, clock: Clock, driver: str
) -> None:
    server = own_servers.server(driver.partition("+")[0])
    url = url_on(server, driver, server.database)
    async with (
        open_site(url, is_async="async" in driver, clock=clock) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        server.restart()
        assert (await client.get("/")).json() == {"user": "Ann"}
        with server.stopped():
            assert (await client.get("/quiet")).status_code == 200
            assert (await client.get("/")).status_code == 503
            assert (await client.post("/set", json={"seen": 1})).status_code == 503
        assert (await client.get("/")).json() == {"user": "Ann"}


async def test_handlers_that_hold_the_applications_connections_starve_no_session(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    """With one pool for both, all requests would wait for each other."""
    is_async, database = any_database
    pool: dict[str, Any] = {"pool_size": 2, "max_overflow": 0, "pool_timeout": 30}
    engine: Any = (create_async_engine if is_async else create_engine)(database.url, **pool)
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig

    @post("/hold-connection")
    async def hold_connection(request: Request[Any, Any, Any]) -> None:
        connection = engine.connect()
        connection = await connection if is_async else connection
        await request.app.state.gate.hold()
        request.session["seen"] = True
        response = await save_session(request)
        closing = connection.close()
        if closing is not None:
            await closing
        assert response

    config = SQLAlchemySessionConfig(
        alchemy_config=kind(engine_instance=engine), model=UserSession, clock=clock
    )
    middleware = config.middleware
    backend = middleware.kwargs["backend"]
    site = Site(config, backend, middleware, route_handlers=[hold_connection])
    assert config.engine is not engine
    await backend._storage.create_table()
    await site.empty()
    visitors = [site.visitor() for _ in range(2)]
    tasks = [asyncio.create_task(client.post("/hold-connection")) for client in visitors]
    await site.gate.reached(2)
    site.gate.open()
    assert {(await task).status_code for task in tasks} == {201}
    await config.dispose()
    disposing = engine.dispose()
    if is_async:
        await disposing


async def test_ids_and_data_are_in_no_log_and_in_no_traceback(
    any_database: tuple[bool, Database],
    clock: Clock,
    wiring: Wiring,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)  # on DEBUG aiosqlite logs every parameter
    seen: list[str] = []

    def remember(_: object, error: Exception) -> Response[str]:
        seen.append("".join(traceback.format_exception(error)))
        return Response("", status_code=503)

    is_async, database = any_database
    options = {"exception_handlers": {SessionDatabaseError: remember}}
    async with (
        open_site(
            database.url, is_async=is_async, clock=clock, wiring=wiring, options=options
        ) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "secret name"})
        session_id = client.cookies["session"]
        slow = asyncio.create_task(client.post("/set?hold=1", json={"more": "secret words"}))
        await site.gate.reached()
        await site.drop_table()
        site.gate.open()
        assert (await slow).status_code == 503
        assert (await client.get("/")).status_code == 503
        await site.backend._storage.create_table()
    assert len(seen) == 2
    for text in (*seen, caplog.text):
        assert session_id not in text
        assert "secret" not in text
