"""The few things that the two halves do in different ways, side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


async def async_sleep(seconds: float) -> None:
    """Wait, and let other tasks run meanwhile."""
    import asyncio  # noqa: PLC0415 - the sync half runs without it

    await asyncio.sleep(seconds)


def sync_sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


async def call_with_async_connection(
    connection: AsyncConnection, function: Callable[[Connection], T]
) -> T:
    """Call a function that only knows sync connections."""
    return await connection.run_sync(function)


def call_with_connection(connection: Connection, function: Callable[[Connection], T]) -> T:
    """Call a function that only knows sync connections."""
    return function(connection)


async def call_in_greenlet(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function that only knows sync engines, and have what it waits for awaited."""
    from sqlalchemy.util import greenlet_spawn  # noqa: PLC0415 - the sync half runs without it

    answer: T = await greenlet_spawn(function, *arguments)
    return answer


def call_here(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function."""
    return function(*arguments)
