"""A switch-over to the standby, while connections to the former primary are in the pool."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.clusters import postgresql_pair
from tests.support.site import open_site

if TYPE_CHECKING:
    from tests.support.clock import Clock

VISITORS, VISITS = 8, 5


@pytest.mark.parametrize(
    "driver",
    [
        "async postgresql+asyncpg",
        "async postgresql+psycopg",
        "sync postgresql+psycopg",
        "sync postgresql+psycopg2",
    ],
)
async def test_a_switch_over_costs_no_write_and_loses_no_session(driver: str, clock: Clock) -> None:
    half, _, name = driver.partition(" ")
    with postgresql_pair() as pair:
        hosts = ",".join(f"{each.host}:{each.port}" for each in (pair.primary, pair.standby))
        url = f"{name}://{pair.primary.user}@{hosts}/{pair.primary.database}"
        async with open_site(url, is_async=half == "async", clock=clock) as site:
            visitors = [site.visitor() for _ in range(VISITORS)]
            for number, visitor in enumerate(visitors):
                await visitor.post("/set", json={"number": number})
            await asyncio.gather(*(visitor.get("/") for visitor in visitors))
            pair.switch_over()
            for visit in range(VISITS):
                answers = await asyncio.gather(
                    *(visitor.post("/rotate", json={"visit": visit}) for visitor in visitors)
                )
                assert {answer.status_code for answer in answers} == {201}
            for number, visitor in enumerate(visitors):
                assert (await visitor.get("/")).json() == {"number": number, "visit": VISITS - 1}
                await visitor.aclose()
