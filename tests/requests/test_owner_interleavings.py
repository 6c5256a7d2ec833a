"""Random interleavings of requests that sign in and out, with somebody who ends sessions."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar import post
from sqlalchemy import select

from litestar_sessions import end_all_sessions, end_other_sessions
from tests.requests.test_owners import MEMORY
from tests.support.models import FullSession
from tests.support.people import Visit, open_people
from tests.support.site import Gate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from tests.support.clock import Clock
    from tests.support.site import Site

OWNERS = ("Ann", "Bob")
DEEDS = st.sampled_from(
    ["set", "Ann", "Bob", "sign out", "clear", "end all", "end others", "nothing"]
)
ORDERS = st.permutations([0, 0, 1, 1, "end Ann", "end Bob"])
"""Which request takes the next step, to load or to save; or whose sessions are ended."""


async def act(request: Visit, deed: str) -> None:
    if deed in OWNERS:
        request.session["user_id"] = deed
    elif deed == "sign out":
        request.session.pop("user_id", None)
    elif deed == "clear":
        request.clear_session()
    elif deed == "end all":
        await end_all_sessions(request)
    elif deed == "end others":
        await end_other_sessions(request)
    elif deed == "set":
        request.session[request.query_params["number"]] = True


@post("/do")
async def do(request: Visit) -> None:
    number = int(request.query_params["number"])
    await request.app.state.gates[number].hold()
    await act(request, request.app.state.deeds[number])


@pytest.fixture(params=MEMORY)
async def site(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Site]:
    async with open_people(request.param, clock, route_handlers=[do]) as site:
        yield site


async def perform(
    site: Site, clock: Clock, session_id: str, deeds: tuple[str, str], order: list[Any]
) -> dict[str, datetime]:
    """Take the steps; return when each owner's sessions were ended last."""
    site.app.state.deeds = deeds
    site.app.state.gates = [Gate(), Gate()]
    tasks: dict[int, asyncio.Task[Any]] = {}
    ended: dict[str, datetime] = {}
    for step in order:
        clock.advance(milliseconds=1)
        if isinstance(step, str):
            owner = step.removeprefix("end ")
            await site.config.end_sessions(owner)
            assert await site.config.list_sessions(owner) == []
            ended[owner] = clock.now
        elif step in tasks:
            site.app.state.gates[step].open()
            assert (await tasks[step]).status_code == 201
        else:
            client = site.visitor(session_id)
            request = client.post("/do", params={"number": step})
            tasks[step] = asyncio.create_task(request)
            await site.app.state.gates[step].reached()
    return ended


@example("Ann", ("set", "set"), [0, 1, 0, "end Ann", 1, "end Bob"])
@example("Ann", ("Bob", "set"), [0, 1, 0, 1, "end Ann", "end Bob"])
@example(None, ("Ann", "Ann"), [0, 1, 0, "end Ann", 1, "end Bob"])
@example("Ann", ("sign out", "Bob"), [0, 1, "end Ann", 0, 1, "end Bob"])
@given(st.none() | st.sampled_from(OWNERS), st.tuples(DEEDS, DEEDS), ORDERS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_session_outlives_its_end_and_each_row_says_whose_it_is(
    site: Site, clock: Clock, first: str | None, deeds: tuple[str, str], order: list[Any]
) -> None:
    await site.empty()
    async with site.visitor() as client:
        await client.post("/set", json={"a": 0} | ({"user_id": first} if first else {}))
        first_id = client.cookies["session"]
    ended = await perform(site, clock, first_id, deeds, order)
    model = FullSession
    rows = await site._execute(select(model.data, model.owner, model.signed_in_at))
    for data, owner, signed_in_at in rows:
        assert json.loads(data).get("user_id") == owner
        assert owner is None or signed_in_at > ended[owner]
    async with site.visitor(first_id) as client:
        left = (await client.get("/")).json()
    assert left == {} or left.get("user_id") == first
