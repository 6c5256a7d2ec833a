"""The end of an engine: of its connections, and of the threads that waited for them."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING

from litestar_sessions._drivers.threads import stop

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("close_engine",)


async def close_engine(engine: AsyncEngine | Engine) -> None:
    """Close the connections of an engine, of either kind; used again, it opens new ones."""
    stop(engine)
    disposing = engine.dispose()
    if isawaitable(disposing):
        await disposing
