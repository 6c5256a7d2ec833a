"""What a server that is no node of a Galera cluster notices of the question whether it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.galera import OPENERS, ask, close
from tests.support.roundtrips import RoundTripProxy

if TYPE_CHECKING:
    from tests.support.databases import Database
    from tests.support.galera import Opener

SET_IN_ALL = "SHOW SESSION VARIABLES LIKE 'wsrep_sync_wait'"


@pytest.fixture(params=["mysql+pymysql", "mysql+asyncmy"])
def driver(request: pytest.FixtureRequest) -> str:
    """A driver of each half."""
    return str(request.param)


@pytest.mark.parametrize("open_engine", OPENERS)
async def test_a_server_without_galera_is_asked_once_for_each_connection_and_told_nothing(
    mariadb: Database, driver: str, open_engine: Opener
) -> None:
    assert mariadb.server is not None
    counts = {}
    with RoundTripProxy(mariadb.server.host, mariadb.server.port) as proxy:
        url = mariadb.url.set(drivername=driver, port=proxy.port)
        for causal_reads in (True, False):
            async with open_engine(url, causal_reads=causal_reads) as engine:
                await ask(engine, "SELECT 1")  # SQLAlchemy's own questions
                await close(engine)
                proxy.reset()
                assert await ask(engine, SET_IN_ALL) == [("wsrep_sync_wait", "0")]
                opened = proxy.count
                assert await ask(engine, SET_IN_ALL) == [("wsrep_sync_wait", "0")]
                counts[causal_reads] = opened, proxy.count - opened
    assert counts[True][0] == counts[False][0] + 1
    assert counts[True][1] == counts[False][1]
