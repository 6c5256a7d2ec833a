"""Contenders for the verbs of a storage, each of which can take a turn at one of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import isawaitable
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import Timing, Turn, in_tasks, in_threads, shares
from benchmarks.storages import floor, ours, theirs
from benchmarks.tables import data_of, fill, model_here, model_there, session_id_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

    from benchmarks.places import Load, Place

__all__ = ("FLOOR", "LOAD", "OURS", "SAVE", "THEIRS", "VERBS", "Contender", "fill_tables", "opened")

VERBS = LOAD, SAVE, CREATE_AND_DELETE = ("load", "save", "create and delete")
FLOOR, OURS, THEIRS = "driver alone", "litestar-sessions", "Advanced Alchemy"

_OPENERS: Mapping[str, Callable[..., Any]] = {FLOOR: floor, OURS: ours, THEIRS: theirs}
_SOME = 100_000


@dataclass(frozen=True)
class Contender:
    """The verbs of one storage, performed by as many tasks or threads as the load asks for."""

    verbs: Mapping[str, Callable[[str], Any]]
    sources: Mapping[str, list[Iterator[str]]]
    threads: ThreadPoolExecutor | None

    async def take(self, verb: str, turn: Turn) -> Timing:
        """Take a turn at a verb."""
        perform, sources = self.verbs[verb], self.sources[verb]
        if self.threads is None:
            return await in_tasks(perform, sources, turn)
        return in_threads(perform, sources, turn, self.threads)


def fill_tables(
    place: Place, load: Load, names: Iterable[str] = (OURS, THEIRS), rows: int | None = None
) -> None:
    """Fill the tables of contenders; the driver alone works on the package's."""
    models = {OURS: model_here(load.table), THEIRS: model_there(load.their_table)}
    for name in models.keys() & set(names):
        fill(place.url, models[name], load.rows if rows is None else rows, load.payload)


@asynccontextmanager
async def opened(name: str, place: Place, load: Load) -> AsyncIterator[Contender]:
    """Lend a contender whose table is filled."""
    async with _OPENERS[name](place, load) as storage:
        found = storage.load(session_id_of(0))
        assert (await found if isawaitable(found) else found) is not None, name
        if place.is_async or name == THEIRS:
            yield Contender(_async_verbs(storage, load), _sources(load), None)
            return
        with ThreadPoolExecutor(load.concurrency) as threads:
            yield Contender(_sync_verbs(storage, load), _sources(load), threads)


def _async_verbs(storage: Any, load: Load) -> dict[str, Callable[[str], Any]]:
    data = data_of(load.payload)

    async def save(session_id: str) -> None:
        await storage.save(session_id, data)

    async def create_and_delete(session_id: str) -> None:
        await storage.create(session_id, data)
        await storage.delete(session_id)

    return {LOAD: storage.load, SAVE: save, CREATE_AND_DELETE: create_and_delete}


def _sync_verbs(storage: Any, load: Load) -> dict[str, Callable[[str], Any]]:
    data = data_of(load.payload)

    def save(session_id: str) -> None:
        storage.save(session_id, data)

    def create_and_delete(session_id: str) -> None:
        storage.create(session_id, data)
        storage.delete(session_id)

    return {LOAD: storage.load, SAVE: save, CREATE_AND_DELETE: create_and_delete}


def _sources(load: Load) -> dict[str, list[Iterator[str]]]:
    """Return the IDs for each worker: those of rows at random, and those of none."""
    numbers = Random(0).sample(range(load.rows), min(load.rows, _SOME))  # noqa: S311 - no secret
    known = shares([session_id_of(number) for number in numbers], load.concurrency)
    missing = [[session_id_of(-worker - 1)] for worker in range(load.concurrency)]
    return {
        LOAD: list(map(cycle, known)),
        SAVE: list(map(cycle, known)),
        CREATE_AND_DELETE: list(map(cycle, missing)),
    }
