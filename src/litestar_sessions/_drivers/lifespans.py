"""Lifespans of applications that work on one engine at once, as those of two test clients do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("Lifespan",)

_lifespans: WeakKeyDictionary[AsyncEngine | Engine, set[Lifespan]] = WeakKeyDictionary()


class Lifespan:
    """A time in which an application needs an engine; it begins when this is made."""

    def __init__(self, engine: AsyncEngine | Engine) -> None:
        self._engine = engine
        _lifespans.setdefault(engine, set()).add(self)

    def end(self) -> bool:
        """Tell whether the engine may be closed now, as far as other lifespans are concerned.

        What each event loop has for itself may always be closed, anything else by the last one.
        """
        others = _lifespans[self._engine]
        others.discard(self)
        return not others or _has_pool_for_each_loop(self._engine)


def _has_pool_for_each_loop(engine: AsyncEngine | Engine) -> bool:
    if isinstance(engine, Engine):
        return False
    from litestar_sessions._drivers import loops  # noqa: PLC0415 - the sync half runs without it

    return loops.has_pool_for_each_loop(engine)
