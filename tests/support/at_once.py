"""Calls that run at the same time: as tasks, or as threads that start together."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


async def async_at_once(*calls: Callable[[], Awaitable[T]]) -> list[T]:
    """Return the results in the order of the calls; raise the first error."""

    async def run(call: Callable[[], Awaitable[T]]) -> T:
        return await call()

    return list(await asyncio.gather(*(run(call) for call in calls)))


def sync_at_once(*calls: Callable[[], T]) -> list[T]:
    """Return the results in the order of the calls; raise the first error."""
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as executor:
        return list(executor.map(run, calls))
