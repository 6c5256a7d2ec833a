"""What it costs to list and to end the sessions of an owner as the table grows."""

from __future__ import annotations

import math
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import cycle
from random import Random
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from benchmarks import growth
from benchmarks.loop import run
from benchmarks.measuring import Timing, Turn, in_tasks, take_turns
from benchmarks.places import loads, places
from benchmarks.reporting import Report
from benchmarks.settings import Settings
from benchmarks.storages import pool
from benchmarks.tables import PER_OWNER, data_of, drop, fill, owned_model, owners_of
from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "VERBS", "main")

DEFAULTS = Settings(
    driver=growth.DEFAULTS.driver,
    concurrency=(1,),
    rows=growth.DEFAULTS.rows,
    rounds=15,
)
VERBS = LIST, END = ("list by owner", "end by owner")
ENDED = 6
"""How many owners' sessions are ended in a turn: those of none twice, even in a small table."""


def main(settings: Settings, servers: Servers) -> Results:
    """Measure every size; a cost is the time of an operation over that in the smallest table."""
    report = Report(growth.COLUMNS)
    for place in places(settings, servers):
        for verb, timings in run(_measure(place, settings)).items():
            growth.add_costs(report, place.driver, verb, timings)
    return report.results


async def _measure(place: Place, settings: Settings) -> dict[str, dict[Load, list[Timing]]]:
    """Return the timings of verbs, by size; all tables are there at once."""
    turn, sizes = Turn.of(settings), sorted(loads(settings), key=lambda load: load.rows)
    try:
        for load in sizes:
            fill(place.url, owned_model(load.owned_table), load.rows, load.payload)
        async with AsyncExitStack() as stack:
            those = {load: await stack.enter_async_context(_opened(place, load)) for load in sizes}
            return {
                verb: await take_turns(
                    {load: partial(one.take, verb, turn) for load, one in those.items()},
                    settings.rounds,
                )
                for verb in VERBS
            }
    finally:
        drop(place.url, [owned_model(load.owned_table) for load in sizes])


@dataclass(frozen=True)
class _Contender:
    """A storage, and its owners in random order, for ever."""

    storage: AsyncSessionStorage | SyncSessionStorage
    listed: Iterator[str]
    ended: Iterator[tuple[str, ...]]
    payload: int

    async def take(self, verb: str, turn: Turn) -> Timing:
        """Take a turn at a verb; after it, not timed, all owners have their sessions again."""
        if verb == LIST:
            return await in_tasks(self._list, [self.listed], turn)
        owners = next(self.ended)
        timing = await in_tasks(self._end, [iter(owners)], Turn(len(owners), math.inf))
        for owner in owners:
            await self._sign_in(owner)
        return timing

    async def _list(self, owner: str) -> None:
        found = await _of(self.storage.list_owned(owner))
        assert len(found) == PER_OWNER, found

    async def _end(self, owner: str) -> None:
        count = await _of(self.storage.end_owned(owner))
        assert count == PER_OWNER, count

    async def _sign_in(self, owner: str) -> None:
        now, data = datetime.now(timezone.utc), data_of(self.payload)
        for _ in range(PER_OWNER):
            details: Any = {"owner": owner, "signed_in_at": now}
            later = now + timedelta(days=1)
            await _of(self.storage.create(token_hex(32), data, later, details=details))


async def _of(answer: Any) -> Any:
    """Return what an async storage promises, or a sync one returns."""
    return await answer if hasattr(answer, "__await__") else answer


@asynccontextmanager
async def _opened(place: Place, load: Load) -> AsyncIterator[_Contender]:
    model, owners = owned_model(load.owned_table), owners_of(load.rows)
    shuffled = Random(0).sample(owners, len(owners))  # noqa: S311 - no secret
    few = zip(*[iter(shuffled)] * min(ENDED, len(owners)), strict=False)
    rest = cycle(shuffled), cycle(few), load.payload
    if place.is_async:
        async_engine = SQLAlchemyAsyncConfig(place.url, **pool(load)).get_engine()
        yield _Contender(AsyncSessionStorage(async_engine, model), *rest)
        await async_engine.dispose()
    else:
        sync_engine = SQLAlchemySyncConfig(place.url, **pool(load)).get_engine()
        yield _Contender(SyncSessionStorage(sync_engine, model), *rest)
        sync_engine.dispose()
