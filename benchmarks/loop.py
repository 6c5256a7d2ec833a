"""The one event loop of a process that measures."""

from __future__ import annotations

import asyncio
import atexit
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ("run",)

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what is to be awaited, and return what comes of it.

    Advanced Alchemy 1.12 has a semaphore that works in the first loop only.
    """
    return _loop().run_until_complete(work)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
