"""Sessions that are ended for requests that were cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from anyio import CancelScope

from litestar_sessions._requests.errors import UNANSWERED
from litestar_sessions._requests.events import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ("Endings",)

_ATTEMPTS = 2
"""A loop that is closed cancels every task once, and then those that it had not begun are left."""


class Endings:
    """The endings that are under way, whatever has become of the requests that asked for them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def finish(self, end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Wait until a session is ended, however often the request is cancelled meanwhile.

        It takes as long as the database may for an operation, at most. A failure is logged, since
        nobody waits for the answer.
        """
        for _ in range(_ATTEMPTS):
            task = asyncio.ensure_future(end())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await _wait(task)
            if not task.cancelled():
                break
        if task.cancelled() or isinstance(task.exception(), UNANSWERED):
            fail("not_ended", "A session was not ended: its request was cancelled, and then failed")
        else:
            task.result()

    async def wait(self) -> None:
        """Wait until all that this event loop runs are done."""
        loop = asyncio.get_running_loop()
        while tasks := [task for task in self._tasks if task.get_loop() is loop]:
            await asyncio.wait(tasks)


async def _wait(task: asyncio.Task[None]) -> None:
    with CancelScope(shield=True):  # scopes of AnyIO cancel again and again
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue
