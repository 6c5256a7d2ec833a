"""The end of an engine: of its connections, and of the threads that waited for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from litestar_sessions._drivers.siblings import siblings_of
from litestar_sessions._drivers.threads import stop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("async_close", "close_engines", "sync_close")


async def close_engines(*engines: AsyncEngine | Engine) -> None:
    """Close the connections of engines, of either kind, and of their siblings.

    Used again, they open new ones.
    """
    family = {each for engine in engines for each in (engine, *siblings_of(engine))}
    for engine in family:
        if isinstance(engine, Engine):
            _stop(engine)
    await asyncio.gather(*(_dispose(each) for each in family if not isinstance(each, Engine)))


async def async_close(engine: AsyncEngine) -> None:
    """Close the connections of an engine and of its siblings, within a few seconds."""
    await close_engines(engine)


async def _dispose(engine: AsyncEngine) -> None:
    from litestar_sessions._drivers.loops import (  # noqa: PLC0415 - the sync half runs without it
        dispose_in_loop,
    )

    await dispose_in_loop(engine)


def sync_close(engine: Engine) -> None:
    """Close the connections of an engine and of its siblings; wait for none that are in use."""
    for each in (engine, *siblings_of(engine)):
        _stop(each)


def _stop(engine: Engine) -> None:
    stop(engine)
    engine.dispose()
