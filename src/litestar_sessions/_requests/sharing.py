"""Shared reads: loads that are asked for at the same time are answered by one statement.

Whoever asks while enough statements are out waits for the next one. That is sent as soon as fewer
are out, and soon after the last one in any case, for the database may be far away.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary, ref

from litestar_sessions._requests.groups import ALONE, Group, Load
from litestar_sessions._sql.sizes import most_together

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Callable, Sequence

    from litestar_sessions._requests.settings import SessionSettings
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.records import StoredSession

__all__ = ("SharedLoads", "loader_of")


def loader_of(
    storage: SessionStorage, settings: SessionSettings
) -> Callable[[str], Awaitable[StoredSession | None]]:
    """Return what loads a session of a storage as the settings want it."""
    if settings.shares_reads:
        return SharedLoads(storage, most_together(settings.keys)).load
    return storage.load


class SharedLoads:
    """Loads sessions of one storage, those that find company by one statement.

    Each event loop has groups of its own.

    Args:
        storage: Where the sessions are.
        most: How many loads one statement may answer.
    """

    AT_ONCE = 2
    """How many statements may be out before a load has to wait."""
    PAUSE = 0.0005
    """For how many seconds after the last statement it has to wait then, at most."""

    def __init__(self, storage: SessionStorage, most: int) -> None:
        self.storage = storage
        self.most = most
        self._of_loops: WeakKeyDictionary[AbstractEventLoop, _LoadsOfLoop] = WeakKeyDictionary()
        self._last: _LoadsOfLoop | None = None

    def load(self, session_id: str) -> Awaitable[StoredSession | None]:
        """Return a live session, or ``None`` if there is none; change nothing.

        It is as fresh as from a statement of its own: a load is never answered by a statement that
        was sent before it asked, and so it sees whatever was acknowledged before that.

        Nobody pays for another: each waits for as long as it likes, has errors of its own, and gets
        its session also if that of another one is damaged.
        """
        loop = asyncio.get_running_loop()
        loads = self._last  # one value, since another thread may have another loop
        if loads is None or loads.loop() is not loop:
            loads = self._last = self._loads_of(loop)
        return loads.load(session_id)

    def _loads_of(self, loop: AbstractEventLoop) -> _LoadsOfLoop:
        for closed in [each for each in tuple(self._of_loops) if each.is_closed()]:
            self._of_loops.pop(closed, None)
        return self._of_loops.setdefault(loop, _LoadsOfLoop(self, loop))


class _LoadsOfLoop:
    """The loads of one event loop, which it does not keep."""

    def __init__(self, shared: SharedLoads, loop: AbstractEventLoop) -> None:
        self.loop = ref(loop)
        self._shared = shared
        self._storage = shared.storage
        self._waiting: list[Load] = []
        self._out = 0
        """How many statements are out."""
        self._sent_at = 0.0
        self._has_timer = False

    async def load(self, session_id: str) -> StoredSession | None:
        if self._out < self._shared.AT_ONCE or (not self._waiting and self._seconds_to_wait <= 0):
            self._out += 1
            self._sent_at = monotonic()
        else:
            outcome = await self._join(session_id)
            if outcome is not ALONE:
                return cast("StoredSession | None", outcome)
        try:
            return await self._storage.load(session_id)
        finally:
            self._out -= 1
            if self._waiting:
                self._send()

    @property
    def _seconds_to_wait(self) -> float:
        return self._sent_at + self._shared.PAUSE - monotonic()

    async def _join(self, session_id: str) -> object:
        """Return what the next statement answers; `ALONE` if that is one for this load alone."""
        load = Load(session_id, asyncio.get_running_loop())
        self._waiting.append(load)
        self._set_timer()
        try:
            return await load.outcome()
        except asyncio.CancelledError:
            if load.is_to_be_done_alone:
                self._note_answer()
            raise

    def _set_timer(self) -> None:
        loop = self.loop()
        if self._waiting and not self._has_timer and loop is not None:
            self._has_timer = True
            loop.call_later(self._seconds_to_wait, self._wake)

    def _wake(self) -> None:
        self._has_timer = False
        if self._seconds_to_wait <= 0:
            self._send()
        self._set_timer()

    def _send(self) -> None:
        """Send a statement for those who wait, or for as many as one may answer."""
        loop = self.loop()
        if loop is None or not loop.is_running():
            return  # what was out is given up with its loop
        wanted = [load for load in self._waiting if load.is_wanted]
        loads, self._waiting = wanted[: self._shared.most], wanted[self._shared.most :]
        if len(loads) == 1:
            self._let_go_alone(loads)
        elif loads:
            self._note_sent()
            Group(self._storage, loads, self._note_answer).send(loop)
        self._set_timer()

    def _note_sent(self) -> None:
        self._out += 1
        self._sent_at = monotonic()

    def _note_answer(self, alone: Sequence[Load] = ()) -> None:
        """Know that a statement is no longer out, and which loads it has left alone."""
        self._let_go_alone(alone)
        self._out -= 1
        if self._waiting:
            self._send()

    def _let_go_alone(self, loads: Sequence[Load]) -> None:
        for load in loads:
            self._note_sent()
            load.settle(ALONE)
