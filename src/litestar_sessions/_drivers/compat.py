"""The few things that the two halves do in different ways, side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

__all__ = (
    "async_sleep",
    "call_with_async_connection",
    "call_with_connection",
    "sync_sleep",
)


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
