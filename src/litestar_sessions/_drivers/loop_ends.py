"""The end of an event loop, at which connections can still be closed as their drivers want it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncGenerator

__all__ = ("HasEnd", "at_end")


class HasEnd(Protocol):
    """What has something to do when an event loop ends."""

    async def end(self, loop: AbstractEventLoop) -> None:
        """Do it, in that loop."""


class _Watch(NamedTuple):
    waiting: WeakSet[HasEnd]
    generator: AsyncGenerator[None, None]


_watches: dict[AbstractEventLoop, _Watch] = {}

if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_watches.clear)


def at_end(loop: AbstractEventLoop, waiting: HasEnd) -> None:
    """Have something done when the running loop ends, if it lives until then.

    That is when `asyncio.run` and its like close the generators of the loop. A loop that is closed
    by hand may not do so.
    """
    watch = _watches.get(loop)
    if watch is None:
        _forget_closed()
        watched: WeakSet[HasEnd] = WeakSet()
        watch = _watches[loop] = _Watch(watched, _watch(loop, watched))
        _start(watch.generator)
    watch.waiting.add(waiting)


async def _watch(loop: AbstractEventLoop, waiting: WeakSet[HasEnd]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        for each in tuple(waiting):
            await each.end(loop)
        _watches.pop(loop, None)


def _start(generator: AsyncGenerator[None, None]) -> None:
    """Run a generator up to its first `yield`: from then on the loop knows it."""
    try:
        generator.asend(None).send(None)
    except StopIteration:
        return


def _forget_closed() -> None:
    for loop in [loop for loop in tuple(_watches) if loop.is_closed()]:
        _watches.pop(loop, None)
