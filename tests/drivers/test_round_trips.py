"""How often a verb asks the database: exact counts, taken on the wire."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)
from litestar_sessions._requests.threaded import in_place, in_threads
from tests.support.lives import WARM_UP, life
from tests.support.models import FullSession
from tests.support.roundtrips import RoundTripProxy, StatementCounter, counting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL, Engine

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock
    from tests.support.databases import Database

VERBS = (
    *("create", "save", "load", "load_many", "load_and_touch", "touch", "update", "rotate"),
    *(
        "load_former",
        "delete",
        "delete_expired",
        "delete_all",
        "list_owned",
        "end_oldest",
        "end_owned",
    ),
)
ONE_EACH = dict.fromkeys(VERBS, 1)
READING = ("load", "load_many", "list_owned", "load_former")
BEGIN_AND_COMMIT = dict.fromkeys(VERBS, 3) | dict.fromkeys(READING, 1)
# A COMMIT for what writes, and always a ROLLBACK when the pool takes the connection back.
COMMIT_AND_ROLLBACK = dict.fromkeys(VERBS, 3) | dict.fromkeys(READING, 2) | {"load_and_touch": 5}

ON_MYSQL = ONE_EACH | {"load_and_touch": 2}

EXPECTED = {
    ("sqlite", True): ONE_EACH,
    ("sqlite", False): BEGIN_AND_COMMIT,
    ("postgresql", True): ONE_EACH,
    ("postgresql", False): ONE_EACH,
    ("mysql", True): ON_MYSQL,
    ("mysql", False): COMMIT_AND_ROLLBACK,
}


@asynccontextmanager
async def open_storage(
    url: URL, clock: Clock, *, is_async: bool, is_ours: bool
) -> AsyncIterator[tuple[SessionStorage, Engine]]:
    """Lend a storage of either half, and the engine below it."""
    if is_async:
        engine = SQLAlchemyAsyncConfig(url).get_engine() if is_ours else create_async_engine(url)
        yield (
            in_place(AsyncSessionStorage(engine, FullSession, clock=clock), engine),
            engine.sync_engine,
        )
        await engine.dispose()
    else:
        sync_engine = SQLAlchemySyncConfig(url).get_engine() if is_ours else create_engine(url)
        storage = SyncSessionStorage(sync_engine, FullSession, clock=clock)
        yield in_threads(storage, sync_engine), sync_engine
        sync_engine.dispose()


async def count(
    storage: SessionStorage, clock: Clock, counter: StatementCounter | RoundTripProxy
) -> dict[str, int]:
    """Return the round trips of each verb that finds its session."""
    counts = {}
    for verb, step in life(storage, clock).items():
        counter.reset()
        await step()
        counts[verb] = counter.count
    return counts


@pytest.mark.parametrize("is_ours", [True, False], ids=["our engine", "their engine"])
async def test_a_verb_is_one_round_trip_wherever_the_database_allows(
    any_database: tuple[bool, Database],
    clock: Clock,
    is_ours: bool,
) -> None:
    is_async, database = any_database
    with counting(database) as (counter, url):
        async with open_storage(url, clock, is_async=is_async, is_ours=is_ours) as (
            storage,
            engine,
        ):
            if isinstance(counter, StatementCounter):
                counter.watch(engine)
            await storage.create_table()
            await storage.delete_all()
            for _ in range(WARM_UP):
                counts = await count(storage, clock, counter)
            assert counts == EXPECTED[engine.dialect.name, is_ours]
