"""How long each operation of one revision takes, in a process of its own; see `worker`."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from litestar.middleware.session.server_side import ServerSideSessionConfig

import litestar_sessions
from benchmarks.measuring import Turn, in_tasks, shares
from benchmarks.tables import data_of, model_here, session_id_of
from benchmarks.worker import answer, place_and_load
from litestar_sessions import SQLAlchemyAsyncConfig, SQLAlchemySyncConfig

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.places import Load, Place

__all__ = ("CHANGE", "LOAD")

LOAD, CHANGE = "load", "load and change"


class _Operations:
    """What requests ask of a backend, and how long that takes."""

    def __init__(self, backend: Any, payload: int) -> None:
        self._backend = backend
        self._data = data_of(payload)
        self.waits: list[float] = []

    async def load(self, session_id: str) -> None:
        assert await self._backend.storage.load(session_id) is not None

    async def change(self, session_id: str) -> None:
        storage, expires_at = self._backend.storage, self._backend.next_expiry()
        session = await storage.load(session_id)
        data = session.data[::-1]
        assert await storage.update(session_id, data, expires_at, expected=session.data)

    def timed(self, what: str) -> Callable[[str], Awaitable[None]]:
        """Return one of the two, which notes for how many milliseconds it was waited for."""
        perform = self.load if what == LOAD else self.change

        async def wait(session_id: str) -> None:
            start = perf_counter()
            await perform(session_id)
            self.waits.append((perf_counter() - start) * 1_000)

        return wait


def _backend(place: Place, load: Load) -> Any:
    config = ServerSideSessionConfig(renew_on_access=False)
    url, model = place.url, model_here(load.table)
    if place.is_async:
        kind = litestar_sessions.SQLAlchemyAsyncSessionBackend
        return kind(config, SQLAlchemyAsyncConfig(url), model)
    return litestar_sessions.SQLAlchemySyncSessionBackend(config, SQLAlchemySyncConfig(url), model)


async def _serve(place: Place, load: Load) -> None:
    async with AsyncExitStack() as stack:
        backend = _backend(place, load)
        stack.push_async_callback(_dispose, backend)
        operations = _Operations(backend, load.payload)
        session_ids = [session_id_of(number) for number in range(load.rows)]
        sources = list(map(_again_and_again, shares(session_ids, load.concurrency)))
        answer("ready")
        for line in sys.stdin:
            order = json.loads(line)
            operations.waits = []
            timing = await in_tasks(operations.timed(order["what"]), sources, Turn(**order["turn"]))
            answer({"timing": asdict(timing), "waits": operations.waits})


def _again_and_again(session_ids: list[str]) -> Any:
    while True:
        yield from session_ids


async def _dispose(backend: Any) -> None:
    disposing = backend.alchemy.dispose()
    if disposing is not None:
        await disposing


def main() -> None:
    """Serve one place and one load, which the first order names."""
    place, load = place_and_load(json.loads(sys.stdin.readline()))
    answer(str(Path(litestar_sessions.__file__).parents[1]))
    asyncio.run(_serve(place, load))


if __name__ == "__main__":
    main()
