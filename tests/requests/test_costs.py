"""What each kind of request costs: round trips, counted on the wire; on SQLite statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.support.roundtrips import RoundTripProxy, StatementCounter, counting
from tests.support.site import HOST, MAX_AGE, Site, Wiring, open_site

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.databases import Database

WARM_UP = 8
"""Visits before counting: psycopg prepares a statement when it runs the sixth time."""

COSTS = {
    "anonymous": 0,
    "anonymous, with a cookie that is no ID": 0,
    "anonymous, with an unknown ID": 1,
    "sign-in of a newcomer": 1,
    "read-only": 1,
    "read-only, with a stale cookie too": 1,
    "saved as it is": 1,
    "changed": 2,
    "renewed": 2,
    "sign-in with rotation": 2,
    "sign-out": 2,
    "sign-out, signed out": 0,
}


class Visits:
    """One life of a visitor; each step is asked for its cost."""

    def __init__(self, site: Site, counter: StatementCounter | RoundTripProxy) -> None:
        self._site = site
        self._counter = counter
        self.costs: dict[str, int] = {}

    async def cost(self, kind: str, client: Any, method: str, path: str, body: Any = None) -> None:
        self._counter.reset()
        response = await client.request(method, path, json=body)
        assert response.is_success
        self.costs[kind] = self._counter.count

    async def make(self, clock: Clock) -> None:
        async with self._site.visitor() as client:
            await self.cost("anonymous", client, "GET", "/")
        async with self._site.visitor("no ID") as client:
            kind = "anonymous, with a cookie that is no ID"
            await self.cost(kind, client, "GET", "/")
        async with self._site.visitor("0" * 64) as client:
            await self.cost("anonymous, with an unknown ID", client, "GET", "/")
        async with self._site.visitor() as client:
            await self.cost("sign-in of a newcomer", client, "POST", "/rotate", {"user": "Ann"})
            await self.cost("read-only", client, "GET", "/")
            stale = {"path": "/", "domain": f".{HOST}"}
            client.cookies.set(self._site.config.key, "0" * 64, **stale)
            await self.cost("read-only, with a stale cookie too", client, "GET", "/")
            client.cookies.delete(self._site.config.key, **stale)
            await self.cost("saved as it is", client, "POST", "/set", {"user": "Ann"})
            await self.cost("changed", client, "POST", "/set", {"cart": 1})
            clock.advance(seconds=MAX_AGE / 2)
            await self.cost("renewed", client, "GET", "/")
            await self.cost("sign-in with rotation", client, "POST", "/rotate", {"user": "Bob"})
            await self.cost("sign-out", client, "POST", "/clear")
            await self.cost("sign-out, signed out", client, "POST", "/clear")


WAYS: dict[str, dict[str, Any]] = {
    **{wiring: {"wiring": wiring} for wiring in get_args(Wiring)},
    "encrypted": {"data_keys": ["secret" * 8]},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
async def test_a_request_costs_what_it_needs(
    any_database: tuple[bool, Database], clock: Clock, way: dict[str, Any]
) -> None:
    is_async, database = any_database
    with counting(database) as (counter, url):
        async with open_site(url, is_async=is_async, clock=clock, **way) as site:
            if isinstance(counter, StatementCounter):
                await site.backend.engine.dispose() if is_async else site.engine.dispose()
                counter.watch(site.engine)
            visits = Visits(site, counter)
            for _ in range(WARM_UP):
                await visits.make(clock)
    assert visits.costs == COSTS
