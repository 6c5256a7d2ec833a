"""Sites that most of these tests visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from tests.support.site import Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.clock import Clock
    from tests.support.databases import Database


@pytest.fixture(params=get_args(Wiring))
async def site(
    request: pytest.FixtureRequest, any_database: tuple[bool, Database], clock: Clock
) -> AsyncIterator[Site]:
    is_async, database = any_database
    async with open_site(
        database.url, is_async=is_async, clock=clock, wiring=request.param
    ) as site:
        yield site
