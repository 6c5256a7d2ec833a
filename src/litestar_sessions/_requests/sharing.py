"""Shared reads: loads that are asked for at the same time are answered by one statement.

Whoever asks while enough is under way waits for the next statement. That is sent as soon as few are
out, and soon after the last one in any case, for the database may be far away.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING
from weakref import ref

from litestar_sessions._drivers.of_loops import OfLoops
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
        telemetry = settings.telemetry
        note_shared = telemetry.note_shared if telemetry else None
        return SharedLoads(storage, most_together(settings.keys), note_shared).load
    return storage.load


class SharedLoads:
    """Loads sessions of one storage, those that find company by one statement.

    Each event loop has groups of its own.

    Args:
        storage: Where the sessions are.
        most: How many loads one statement may answer.
        note_shared: Told, by each load that shared a statement, with how many others.
    """

    FEW = 2
    """While fewer statements are out, nobody waits for company."""
    ALONE = 4
    """Nor while fewer loads are under way: so few are as fast alone."""
    PAUSE = 0.000_25
    """Whoever waits does so until that many seconds have passed since the last statement was sent,
    and for one round of the event loop at least: those who ask meanwhile cost nobody time."""

    def __init__(
        self,
        storage: SessionStorage,
        most: int,
        note_shared: Callable[[int], None] | None = None,
    ) -> None:
        self.storage = storage
        self.note_shared = note_shared
        self.most = most
        self.loads: OfLoops[_LoadsOfLoop] = OfLoops(lambda loop: _LoadsOfLoop(self, loop))

    def load(self, session_id: str) -> Awaitable[StoredSession | None]:
        """Return a live session, or ``None`` if there is none; change nothing.

        It is as fresh as from a statement of its own: a load is never answered by a statement that
        was sent before it asked, and so it sees whatever was acknowledged before that.

        Nobody pays for another: each waits for as long as it likes, has errors of its own, and gets
        its session also if that of another one is damaged.
        """
        return self.loads.of(asyncio.get_running_loop()).load(session_id)


class _LoadsOfLoop:
    """The loads of one event loop, which it does not keep."""

    def __init__(self, shared: SharedLoads, loop: AbstractEventLoop) -> None:
        self.loop = ref(loop)
        self._shared = shared
        self._storage = shared.storage
        self._waiting: list[Load] = []
        self._out = 0
        """How many statements are out."""
        self._under_way = 0
        """How many loads they will answer."""
        self._sent_at = 0.0
        self._has_timer = False

    async def load(self, session_id: str) -> StoredSession | None:
        if not self._waiting and (
            self._out < self._shared.FEW or self._under_way < self._shared.ALONE
        ):
            self._out += 1
            self._under_way += 1
            self._sent_at = monotonic()
        else:
            session = await self._join(session_id)
            if session is not ALONE:
                return session
        try:
            return await self._storage.load(session_id)
        finally:
            self._out -= 1
            self._under_way -= 1
            if self._waiting and self._out < self._shared.FEW:
                self._send()

    async def _join(self, session_id: str) -> StoredSession | None:
        """Return what the next statement answers; `ALONE` if that is one for this load alone."""
        load = Load(session_id, asyncio.get_running_loop())
        self._waiting.append(load)
        if not self._has_timer:
            self._set_timer()
        try:
            await load.outcome
        except asyncio.CancelledError:
            if load.leave():
                self._note_answer([load])
            raise
        if load.group is not None and self._shared.note_shared is not None:
            self._shared.note_shared(len(load.group.loads) - 1)
        return load.read()

    @property
    def _pause(self) -> float:
        """How many seconds are left until another statement is sent anyway."""
        return self._sent_at + self._shared.PAUSE - monotonic()

    def _set_timer(self) -> None:
        loop = self.loop()
        if loop is not None:
            self._has_timer = True
            loop.call_later(self._pause, self._wake)

    def _wake(self) -> None:
        self._has_timer = False
        if self._waiting and self._pause <= 0:
            self._send()
        elif self._waiting:
            self._set_timer()

    def _send(self) -> None:
        """Send a statement for those who wait, or for as many as one may answer."""
        loop = self.loop()
        if loop is None or not loop.is_running():
            return  # what was out is given up with its loop
        wanted = [load for load in self._waiting if not load.outcome.done()]
        loads, self._waiting = wanted[: self._shared.most], wanted[self._shared.most :]
        if len(loads) > 1:
            self._note_sent(len(loads))
            Group(self._storage, loads, self._note_answer).send(loop)
        else:
            self._let_go_alone(loads)
        if self._waiting and not self._has_timer:
            self._set_timer()

    def _note_sent(self, count: int) -> None:
        self._out += 1
        self._under_way += count
        self._sent_at = monotonic()

    def _note_answer(self, loads: Sequence[Load], alone: Sequence[Load] = ()) -> None:
        """Know that a statement is no longer out, for which loads, and which it has left alone."""
        self._let_go_alone(alone)
        self._out -= 1
        self._under_way -= len(loads)
        if self._waiting and self._out < self._shared.FEW:
            self._send()

    def _let_go_alone(self, loads: Sequence[Load]) -> None:
        for load in loads:
            self._note_sent(1)
            load.settle(ALONE)
