"""One timer of the event loop for all deadlines that take equally long.

Hardly any of them is ever reached. A timer for each is a place in the loop's heap, which is sorted
by calls, and costs more than what it guards.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from litestar_sessions._drivers.of_loops import OfLoops

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ("Alarms", "alarms_of")


class _Sleeper(Protocol):
    def wake(self) -> None: ...


class Alarms:
    """Wakes sleepers of one event loop, each as many seconds after it was added.

    Whoever was added first is due first.
    """

    __slots__ = ("_due", "_is_set", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[_Sleeper, float] = {}
        self._is_set = False

    def add(self, sleeper: _Sleeper) -> None:
        """Have a sleeper woken once, when its time has passed."""
        self._due[sleeper] = monotonic() + self._seconds
        if not self._is_set:
            self._set(self._seconds)

    def discard(self, sleeper: _Sleeper) -> None:
        """Leave a sleeper alone."""
        self._due.pop(sleeper, None)

    def _set(self, seconds: float) -> None:
        self._is_set = True
        asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._is_set = False
        while self._due:
            sleeper, due = next(iter(self._due.items()))
            left = due - monotonic()
            if left > 0:
                return self._set(left)
            del self._due[sleeper]
            sleeper.wake()
        return None


_by_seconds: OfLoops[dict[float, Alarms]] = OfLoops(lambda _loop: {})


def alarms_of(loop: AbstractEventLoop, seconds: float) -> Alarms:
    """Return the alarms of an event loop for what takes that long."""
    alarms = _by_seconds.of(loop)
    return alarms.get(seconds) or alarms.setdefault(seconds, Alarms(seconds))
