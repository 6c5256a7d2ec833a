"""Event loops: each has connections of its own, since drivers bind a connection to a loop.

The first loop works on the engine itself, another one that runs meanwhile on a twin of it. What
belongs to a loop is closed when that ends.
"""

from __future__ import annotations

import asyncio
import os
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet, ref

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from litestar_sessions._drivers.abandoned import abandon
from litestar_sessions._drivers.direct import StatementRunner
from litestar_sessions._drivers.forks import is_in_memory, is_ours
from litestar_sessions._drivers.loop_ends import at_end
from litestar_sessions._drivers.opened import cut_all
from litestar_sessions._drivers.twins import Initialization, twin

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

__all__ = ("RunnersOfLoops", "dispose_in_loop", "engine_in_loop", "has_pool_for_each_loop")

PATIENCE = 3.0
"""How many seconds connections have to take leave of their server, before they are cut."""

_ATTRIBUTE = "_litestar_sessions_loops"


def engine_in_loop(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine for the running loop: that engine or a twin of it."""
    return _loops_of(engine).engine_of(asyncio.get_running_loop())


def has_pool_for_each_loop(engine: AsyncEngine) -> bool:
    """Tell whether what one loop closes is not missed by another one."""
    return not _loops_of(engine).is_shared


async def dispose_in_loop(engine: AsyncEngine) -> None:
    """Close the connections of the running loop and those of loops that are closed; no others."""
    used = _loops_of(engine).engine_to_dispose(asyncio.get_running_loop())
    if used is not None:
        await _dispose(used)


async def _dispose(engine: AsyncEngine) -> None:
    timer = asyncio.get_running_loop().call_later(PATIENCE, cut_all, engine.sync_engine)
    try:
        await engine.dispose()
    finally:
        timer.cancel()


class RunnersOfLoops:
    """What runs statements, for each event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._own = StatementRunner(engine)
        self._of_twins: WeakKeyDictionary[AsyncEngine, StatementRunner] = WeakKeyDictionary()
        self._last: tuple[Callable[[], AbstractEventLoop | None], StatementRunner] | None = None

    @property
    def now(self) -> StatementRunner:
        """The one of the running loop."""
        loop = asyncio.get_running_loop()
        last = self._last  # one value, since another thread may have another loop
        if last is not None and last[0]() is loop:
            return last[1]
        runner = self._runner_for(engine_in_loop(self._engine))
        self._last = ref(loop), runner
        return runner

    def _runner_for(self, engine: AsyncEngine) -> StatementRunner:
        if engine is self._engine:
            return self._own
        runner = self._of_twins.get(engine)
        if runner is None:
            runner = self._of_twins[engine] = StatementRunner(engine)
        return runner


class _Loops:
    """Which event loop has which engine for a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.is_shared = is_in_memory(engine) or isinstance(engine.pool, NullPool)
        self._initialization = Initialization(engine.sync_engine)
        event.listen(engine.sync_engine, "connect", self._initialization.complete)
        self.forget()

    def forget(self) -> None:
        """Begin without loops, as in the child of a fork, where the lock may have no owner."""
        self._lock = Lock()
        self._used: dict[AbstractEventLoop, AsyncEngine] = {}
        self._is_free = True

    def engine_of(self, loop: AbstractEventLoop) -> AsyncEngine:
        """Return the engine of a loop, the same one until the loop ends."""
        if self.is_shared:
            return self._engine
        for each in tuple(_all):  # not this one alone: nobody may ask the others again
            each.abandon_closed()
        with self._lock:
            engine = self._used.get(loop)
            if engine is None:
                engine = self._used[loop] = self._choose()
                at_end(loop, self)
            return engine

    def engine_to_dispose(self, loop: AbstractEventLoop) -> AsyncEngine | None:
        """Return the engine of a loop; without one, that which no loop has."""
        self.abandon_closed()
        with self._lock:
            return self._used.get(loop, self._engine if self._is_free else None)

    async def end(self, loop: AbstractEventLoop) -> None:
        """Close what a loop has, in that loop."""
        engine = self._used.get(loop)
        if engine is None:
            return
        try:
            if is_ours(engine):
                await _dispose(engine)
        finally:
            with self._lock:
                self._give_up(loop)

    def _choose(self) -> AsyncEngine:
        if self._is_free:
            self._is_free = False
            return self._engine
        self._initialization.is_contended = True
        return AsyncEngine(twin(self._engine.sync_engine))

    def abandon_closed(self) -> None:
        """End the connections that closed loops have left."""
        with self._lock:
            for loop in [loop for loop in self._used if loop.is_closed()]:
                self._give_up(loop)

    def _give_up(self, loop: AbstractEventLoop) -> None:
        engine = self._used.pop(loop, None)
        # The pool of an application stays as it is, with connections that no other loop can use.
        if engine is not None and is_ours(engine):
            abandon(engine.sync_engine)
            self._is_free = self._is_free or engine is self._engine


_all: WeakSet[_Loops] = WeakSet()
_creating = Lock()


def _loops_of(engine: AsyncEngine) -> _Loops:
    # An attribute, and no dictionary with weak keys: twins know the engine whose listeners they
    # have, so that such a dictionary would keep it for ever.
    attributes = vars(engine.sync_engine)
    loops: _Loops | None = attributes.get(_ATTRIBUTE)
    if loops is None:
        with _creating:
            loops = attributes.get(_ATTRIBUTE)
            if loops is None:
                loops = attributes[_ATTRIBUTE] = _Loops(engine)
                _all.add(loops)
    return loops


def _forget_all() -> None:
    global _creating  # noqa: PLW0603 - a lock that another thread has at the fork is never released
    _creating = Lock()
    for loops in tuple(_all):
        loops.forget()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_forget_all)
