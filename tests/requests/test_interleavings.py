"""Random interleavings of two requests of one session, and a model that knows what must survive."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar import Request, post
from sqlalchemy import select

from litestar_sessions import rotate_session_id, set_session_lifetime
from litestar_sessions._requests.policy import ROTATION_GRACE
from tests.support.models import FullSession
from tests.support.site import MAX_AGE, Gate, Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database

ROTATED_EACH = 200
BEGINNING = {"a": 0, "b": 0, "c": 0}
KEYS = st.sampled_from([*BEGINNING, "d"])


@dataclass(frozen=True)
class Deed:
    """What one request does to its session."""

    changes: dict[str, int] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    ending: str = ""
    """``"clear"``, ``"rotate"`` or nothing."""
    lifetime: int | None = None
    """That of the session from then on; ``None`` if it stays."""

    def on(self, data: dict[str, Any]) -> None:
        data.update(self.changes)
        for key in self.removed:
            data.pop(key, None)


DEEDS = st.builds(
    Deed,
    st.dictionaries(KEYS, st.integers(0, 2), max_size=3),
    st.frozensets(KEYS, max_size=2),
    st.sampled_from(["", "", "", "clear", "rotate"]),
    st.sampled_from([None, None, 60, 86_400]),
)
ORDERS = st.permutations([0, 0, 1, 1])
"""Which of the two takes the next step; its first is to load, its second to save."""


@dataclass(frozen=True)
class Loaded:
    """What one request has found."""

    data: dict[str, Any] | None
    is_late: bool
    """Whether its ID was that of a session which has got another one for good reason."""
    lifetime: int | None


@dataclass
class Model:
    """The session of the beginning, and those that begin later."""

    data: dict[str, Any] | None = field(default_factory=lambda: dict(BEGINNING))
    is_rotated: bool = False
    lifetime: int | None = None
    new: list[dict[str, Any]] = field(default_factory=list)
    new_lifetimes: list[int | None] = field(default_factory=list)

    def load(self) -> Loaded:
        """Return what a request with the first ID finds, which time alone may have changed."""
        is_late = self.data is not None and self.is_rotated
        data = None if self.data is None or is_late else dict(self.data)
        return Loaded(data, is_late, self.lifetime)

    @property
    def lifetimes(self) -> list[int | None]:
        """Return those of the sessions that there are."""
        return [*([] if self.data is None else [self.lifetime]), *self.new_lifetimes]

    def save(self, found: Loaded, deed: Deed) -> None:
        loaded = found.data
        mine = dict(loaded or {})
        deed.on(mine)
        if loaded is None:
            begins = deed.ending == "rotate" or not found.is_late
            if deed.ending != "clear" and mine and begins:
                self.new.append(mine)
                self.new_lifetimes.append(deed.lifetime)
        elif deed.ending == "clear":
            self.data = None
        elif self.data is not None and not self.is_rotated:
            is_written = mine != loaded or deed.ending == "rotate"
            for key in {*loaded, *mine}:
                if key not in mine:
                    self.data.pop(key, None)
                elif loaded.get(key, ...) != mine[key]:
                    self.data[key] = mine[key]
            self.is_rotated = is_written and deed.ending == "rotate"
            if deed.lifetime not in {None, found.lifetime}:
                self.lifetime = deed.lifetime


@post("/do")
async def do(request: Request[Any, Any, Any]) -> None:
    number = int(request.query_params["number"])
    await request.app.state.gates[number].hold()
    deed: Deed = request.app.state.deeds[number]
    deed.on(request.session)
    if deed.lifetime is not None:
        set_session_lifetime(request, deed.lifetime)
    if deed.ending == "clear":
        request.clear_session()
    elif deed.ending == "rotate":
        rotate_session_id(request)


async def perform(
    site: Site, session_id: str, deeds: tuple[Deed, Deed], order: list[int]
) -> list[httpx.Response]:
    """Let both requests load and save in that order."""
    site.app.state.deeds = deeds
    site.app.state.gates = [Gate(), Gate()]
    tasks: dict[int, asyncio.Task[httpx.Response]] = {}
    for number in order:
        if number in tasks:
            site.app.state.gates[number].open()
            await tasks[number]
        else:
            client = site.visitor(session_id)
            request = client.post("/do", params={"number": number})
            tasks[number] = asyncio.create_task(request)
            await site.app.state.gates[number].reached()
    return [await tasks[number] for number in (0, 1)]


def expect(deeds: tuple[Deed, Deed], order: list[int]) -> Model:
    model = Model()
    loaded: dict[int, Loaded] = {}
    for number in order:
        if number in loaded:
            model.save(loaded[number], deeds[number])
        else:
            loaded[number] = model.load()
    return model


@pytest.fixture
async def site(any_database: tuple[bool, Database], clock: Clock) -> AsyncIterator[Site]:
    is_async, database = any_database
    options = {"route_handlers": [do]}
    url = database.url
    settings: dict[str, Any] = {"model": FullSession, "rotation_interval": ROTATED_EACH}
    async with open_site(url, is_async=is_async, clock=clock, options=options, **settings) as site:
        yield site


@example(deeds=(Deed({"a": 1}), Deed({"b": 1})), order=[0, 1, 0, 1], is_due=False)
@example(deeds=(Deed({"a": 1}), Deed({"b": 1})), order=[0, 1, 0, 1], is_due=True)
@example(deeds=(Deed({"a": 1}), Deed(ending="clear")), order=[0, 1, 1, 0], is_due=False)
@example(deeds=(Deed(), Deed(ending="clear")), order=[0, 0, 1, 1], is_due=True)
@example(deeds=(Deed(), Deed({"a": 1}, ending="rotate")), order=[0, 1, 0, 1], is_due=True)
@example(deeds=(Deed(ending="rotate"), Deed({"a": 1})), order=[0, 0, 1, 1], is_due=True)
@example(
    deeds=(Deed(ending="clear"), Deed({"a": 1}, ending="rotate")), order=[0, 1, 1, 0], is_due=False
)
@example(
    deeds=(Deed(ending="rotate"), Deed({"a": 1}, ending="rotate")), order=[0, 1, 1, 0], is_due=False
)
@example(
    deeds=(Deed(ending="rotate"), Deed({"a": 1}, ending="rotate")), order=[0, 0, 1, 1], is_due=False
)
@example(
    deeds=(Deed(lifetime=60), Deed({"a": 1}, lifetime=86_400)), order=[0, 1, 0, 1], is_due=False
)
@example(
    deeds=(Deed(lifetime=60), Deed({"a": 1}, ending="rotate")), order=[0, 1, 0, 1], is_due=False
)
@given(deeds=st.tuples(DEEDS, DEEDS), order=ORDERS, is_due=st.booleans())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_two_requests_leave_what_they_must(
    site: Site, clock: Clock, deeds: tuple[Deed, Deed], order: list[int], *, is_due: bool
) -> None:
    await site.empty()
    async with site.visitor() as client:
        await client.post("/set", json=BEGINNING)
        first_id = client.cookies["session"]
    if is_due:
        clock.advance(seconds=ROTATED_EACH)
    responses = await perform(site, first_id, deeds, order)
    model = expect(deeds, order)
    assert {response.status_code for response in responses} == {201}
    assert await site.rows() == (model.data is not None) + len(model.new)

    rows = await site._execute(select(FullSession.lifetime, FullSession.expires_at))
    assert sorted(map(str, model.lifetimes)) == sorted(str(lifetime) for lifetime, _ in rows)
    for lifetime, expires_at in rows:
        assert expires_at == clock.after(seconds=lifetime or MAX_AGE)

    clock.advance(seconds=ROTATION_GRACE)  # so that each session has one ID
    ids = {response.cookies.get("session") for response in responses} - {None, ""} | {first_id}
    left = []
    for session_id in ids:
        async with site.visitor(session_id) as client:
            if "vary" in (await client.get("/quiet")).headers:  # there is such a session
                left.append((await client.get("/")).json())
    expected = [*([] if model.data is None else [model.data]), *model.new]
    assert sorted(map(str, map(sorted_items, left))) == sorted(
        map(str, map(sorted_items, expected))
    )


def sorted_items(data: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(data.items())
