"""Handlers for the sessions of visitors who are signed in."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from litestar import Request, delete, get, post

from litestar_sessions import (
    end_all_sessions,
    end_other_sessions,
    end_session,
    list_sessions,
    signed_in_within,
)
from tests.support.models import FullSession
from tests.support.site import open_site, pass_gate

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database
    from tests.support.site import Site

Visit = Request[Any, Any, Any]


@get("/devices")
async def devices(request: Visit) -> list[dict[str, Any]]:
    limit = int(request.query_params.get("limit", 100))
    return [asdict(info) for info in await list_sessions(request, limit)]


@delete("/devices/{session_id:str}", status_code=200)
async def end_device(request: Visit) -> bool:
    return await end_session(request, request.path_params["session_id"])


@post("/end-others")
async def end_others(request: Visit) -> int:
    await pass_gate(request)
    return await end_other_sessions(request)


@post("/end-all")
async def end_all(request: Visit) -> int:
    await pass_gate(request)
    return await end_all_sessions(request)


@get("/recent")
async def is_recent(request: Visit) -> bool:
    return signed_in_within(request, int(request.query_params["seconds"]))


PEOPLE = [devices, end_device, end_others, end_all, is_recent]


def open_people(
    place: tuple[bool, Database] | str, clock: Clock, **settings: Any
) -> AbstractAsyncContextManager[Site]:
    """Lend a site whose sessions have owners."""
    is_async, url = ("aio" in place, place) if isinstance(place, str) else (place[0], place[1].url)
    options = {"route_handlers": [*PEOPLE, *settings.pop("route_handlers", ())]}
    settings = {"owner": "user_id", "model": FullSession, **settings}
    return open_site(url, is_async=is_async, clock=clock, options=options, **settings)


async def sign_in(client: httpx.AsyncClient, owner: Any = "Ann") -> str:
    """Sign a visitor in, in a handler that knows nothing of owners; return the session ID."""
    response = await client.post("/set", json={"user_id": owner})
    assert response.status_code == 201
    return client.cookies["session"]
