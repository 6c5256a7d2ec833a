"""Clusters, each started once for all tests on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.clusters import galera_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Server


@pytest.fixture(scope="session")
def galera() -> Iterator[list[Server]]:
    """The three nodes of a Galera cluster."""
    with galera_cluster() as nodes:
        yield nodes
