"""What an engine config must offer to a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = (
    "AsyncEngineConfig",
    "EngineConfig",
    "SQLAlchemyConfigT",
    "SyncEngineConfig",
)


class EngineConfig(Protocol):
    """Anything that has an engine; Advanced Alchemy's configs do."""

    def get_engine(self) -> AsyncEngine | Engine:
        """Return the engine, the same one every time."""


class AsyncEngineConfig(Protocol):
    """Anything that has an async engine."""

    def get_engine(self) -> AsyncEngine:
        """Return the engine, the same one every time."""


class SyncEngineConfig(Protocol):
    """Anything that has a sync engine."""

    def get_engine(self) -> Engine:
        """Return the engine, the same one every time."""


SQLAlchemyConfigT = TypeVar("SQLAlchemyConfigT", bound=EngineConfig)
