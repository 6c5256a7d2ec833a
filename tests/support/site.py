"""An application with sessions, in the event loop of the test, and visitors for it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.middleware.session import SessionMiddleware
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import URL, delete, func, select
from sqlalchemy.schema import DropTable

from litestar_sessions import (
    SessionUnavailableError,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
    rotate_session_id,
    save_session,
)
from tests.support.apps import bare_app
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.support.clock import Clock

Visit = Request[Any, Any, Any]
Wiring = Literal["our config", "Litestar's config"]

MAX_AGE = 1_000
PATIENCE = 60.0
"""So many seconds that a machine may be busy with something else for some of them."""
HOST = "sessions.test"


class Gate:
    """Where requests wait until the test lets them go on."""

    def __init__(self) -> None:
        self._arrivals = asyncio.Semaphore(0)
        self._opened = asyncio.Event()

    async def hold(self) -> None:
        """Wait, in a handler."""
        self._arrivals.release()
        await self._opened.wait()

    async def reached(self, count: int = 1) -> None:
        """Return once that many further handlers wait."""
        for _ in range(count):
            await self._arrivals.acquire()

    def open(self) -> None:
        self._opened.set()


async def pass_gate(request: Visit) -> None:
    """Wait if the request asks for it; its session is loaded by then."""
    if request.query_params.get("hold"):
        await request.app.state.gate.hold()


async def show(request: Visit) -> dict[str, Any]:
    return dict(request.session)


async def show_id(request: Visit) -> str | None:
    return request.get_session_id()


async def be_quiet(_request: Visit) -> str:
    return "no session needed"


async def set_keys(request: Visit) -> None:
    changes = await request.json()
    await pass_gate(request)
    request.session.update(changes)


async def remove_keys(request: Visit) -> None:
    for key in await request.json():
        request.session.pop(key, None)


async def change_nested(request: Visit) -> None:
    request.session["cart"]["items"].append("pear")


async def hold(request: Visit) -> dict[str, Any]:
    await request.app.state.gate.hold()
    return dict(request.session)


async def clear(request: Visit) -> None:
    await pass_gate(request)
    request.clear_session()


async def restart(request: Visit) -> None:
    request.clear_session()
    request.set_session(await request.json())


async def rotate(request: Visit) -> str | None:
    changes = await request.json()
    await pass_gate(request)
    rotate_session_id(request)
    request.session.update(changes)
    return request.get_session_id()


async def rotate_twice(request: Visit) -> str | None:
    """Rotate, and if the database does not answer, wait and go on."""
    changes = await request.json()
    rotate_session_id(request)
    request.session.update(changes)
    with pytest.raises(SessionUnavailableError):
        await save_session(request)
    await request.app.state.gate.hold()
    await save_session(request)
    return request.get_session_id()


async def fail(request: Visit) -> None:
    request.session.update(await request.json())
    raise RuntimeError("an error of the application")


async def clear_and_fail(request: Visit) -> None:
    request.clear_session()
    raise RuntimeError("an error of the application")


_PAGES = {"": show, "id": show_id, "quiet": be_quiet}
_FORMS = {
    "set": set_keys,
    "remove": remove_keys,
    "nested": change_nested,
    "hold": hold,
    "clear": clear,
    "restart": restart,
    "rotate": rotate,
    "rotate-twice": rotate_twice,
    "fail": fail,
    "clear-and-fail": clear_and_fail,
}


# Litestar takes a millisecond for each handler of each application: the pages share one.
@get(["/", "/{page:str}"])
async def show_page(request: Visit) -> Any:
    return await _of(_PAGES, request, "page")


@post("/{form:str}")
async def submit_form(request: Visit) -> Any:
    return await _of(_FORMS, request, "form")


async def _of(
    functions: Mapping[str, Callable[[Visit], Awaitable[Any]]], request: Visit, part: str
) -> Any:
    name = request.path_params.get(part, "")
    if name not in functions:
        raise NotFoundException
    return await functions[name](request)


class Site:
    """An application, and the table below it."""

    def __init__(self, config: Any, backend: Any, middleware: Any, **options: Any) -> None:
        self.config = config
        self.backend = backend
        handlers = [show_page, submit_form, *options.pop("route_handlers", ())]
        self.app = bare_app(handlers, middleware=[middleware], **options)
        self.app.state.gate = Gate()

    @property
    def gate(self) -> Gate:
        gate: Gate = self.app.state.gate
        return gate

    @property
    def engine(self) -> Engine:
        """The sync engine below the sessions, to be watched."""
        engine: Engine = getattr(self.backend.engine, "sync_engine", self.backend.engine)
        return engine

    def visitor(self, session_id: str | None = None) -> httpx.AsyncClient:
        """A browser: it keeps cookies, and gets a response for every error."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)  # type: ignore[arg-type]  # Litestar's types of ASGI are stricter
        client = httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}")
        if session_id is not None:
            client.cookies.set(self.config.key, session_id, domain=HOST)
        return client

    async def rows(self) -> int:
        """Return how many rows the table has."""
        count = select(func.count()).select_from(self.backend.model)
        return int((await self._execute(count))[0][0])

    async def keys(self) -> list[str]:
        """Return what stands in the column of the session IDs."""
        rows = await self._execute(select(self.backend.model.session_id))
        return [row[0] for row in rows]

    async def empty(self) -> None:
        """Remove all rows, behind the back of the backend."""
        await self._execute(delete(self.backend.model))

    async def dispose(self) -> None:
        """Close the connections that were opened for sessions."""
        disposing = self.backend.alchemy.dispose()
        if disposing is not None:
            await disposing

    async def drop_table(self) -> None:
        """Remove the table."""
        await self._execute(DropTable(self.backend.model.__table__))

    async def _execute(self, statement: Any) -> list[Any]:
        engine = self.backend.engine
        if hasattr(engine, "sync_engine"):
            async with engine.begin() as connection:
                result = await connection.execute(statement)
        else:
            with engine.begin() as sync_connection:
                result = sync_connection.execute(statement)
        return list(result) if result.returns_rows else []


@asynccontextmanager
async def open_site(  # noqa: PLR0913 - all are passed by name
    url: URL | str | Engine | AsyncEngine,
    *,
    is_async: bool,
    clock: Clock,
    wiring: Wiring = "our config",
    subclass: Callable[[Any], Any] | None = None,
    options: dict[str, Any] | None = None,
    empty: bool = True,
    **settings: Any,
) -> AsyncIterator[Site]:
    """Lend a site.

    Args:
        url: The database, or an engine of the application.
        is_async: Which half of the package serves it.
        clock: The clock of the sessions.
        wiring: How the sessions come into the application.
        subclass: Makes a subclass of the backend's class.
        options: Those of the application.
        empty: Whether the sessions that are there are removed.
        settings: Those of the config.
    """
    settings = {"max_age": MAX_AGE, "model": UserSession, **settings}
    place = "connection_string" if isinstance(url, str | URL) else "engine_instance"
    how: dict[str, Any] = {place: url}
    engine_config = SQLAlchemyAsyncConfig(**how) if is_async else SQLAlchemySyncConfig(**how)
    config: Any
    if wiring == "our config":
        settings = {"database_timeout": PATIENCE, **settings}
        config = SQLAlchemySessionConfig(alchemy_config=engine_config, clock=clock, **settings)
        if subclass is not None:
            name = {"_backend_class": subclass(config._backend_class)}
            config.__class__ = type("Config", (SQLAlchemySessionConfig,), name)
        middleware = config.middleware
        backend = middleware.kwargs["backend"]
    else:
        model = settings.pop("model")
        config = ServerSideSessionConfig(**settings)
        kind = SQLAlchemyAsyncSessionBackend if is_async else SQLAlchemySyncSessionBackend
        kind = kind if subclass is None else subclass(kind)
        backend = kind(config, engine_config, model, clock=clock)  # type: ignore[arg-type]  # of the same half
        backend.storage._patience = PATIENCE  # type: ignore[union-attr]  # such a config does not say it
        middleware = DefineMiddleware(SessionMiddleware, backend=backend)
    site = Site(config, backend, middleware, **(options or {}))
    await backend._storage.create_table()
    if empty:
        await site.empty()
    try:
        yield site
    finally:
        await site.dispose()
