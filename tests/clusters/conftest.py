"""Clusters, each started once for all tests on it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.clusters import galera_cluster
from tests.support.databases import url_on
from tests.support.galera import opened_by_url, storage_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import URL

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock
    from tests.support.servers import Server


@pytest.fixture(scope="session")
def galera() -> Iterator[list[Server]]:
    """The three nodes of a Galera cluster."""
    with galera_cluster() as nodes:
        yield nodes


@pytest.fixture(params=["mysql+asyncmy", "mysql+pymysql"])
def nodes(request: pytest.FixtureRequest, galera: list[Server]) -> list[URL]:
    """The nodes of the cluster, for a driver of each half."""
    return [url_on(node, request.param, node.database) for node in galera]


@pytest.fixture
async def storages(nodes: list[URL], clock: Clock) -> AsyncIterator[list[SessionStorage]]:
    """A storage on each node; their one table is empty."""
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(opened_by_url(url)) for url in nodes]
        storages = [storage_on(engine, clock) for engine in engines]
        await storages[0].create_table()
        await storages[0].delete_all()
        yield storages
