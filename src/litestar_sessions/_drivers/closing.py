"""The end of an engine: of its connections, and of the threads that waited for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from litestar_sessions._drivers.opened import cut_all
from litestar_sessions._drivers.siblings import siblings_of
from litestar_sessions._drivers.threads import stop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("async_close", "close_engine", "sync_close")

PATIENCE = 3.0
"""How many seconds connections have to take leave of their server, before they are cut."""


async def close_engine(engine: AsyncEngine | Engine) -> None:
    """Close the connections of an engine, of either kind; used again, it opens new ones."""
    if isinstance(engine, Engine):
        sync_close(engine)
    else:
        await async_close(engine)


async def async_close(engine: AsyncEngine) -> None:
    """Close the connections of an engine and of its siblings, within a few seconds."""
    for each in (engine, *siblings_of(engine)):
        timer = asyncio.get_running_loop().call_later(PATIENCE, cut_all, each.sync_engine)
        try:
            await each.dispose()
        finally:
            timer.cancel()


def sync_close(engine: Engine) -> None:
    """Close the connections of an engine and of its siblings; wait for none that are in use."""
    for each in (engine, *siblings_of(engine)):
        stop(each)
        each.dispose()
