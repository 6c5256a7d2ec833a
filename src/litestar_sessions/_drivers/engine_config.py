"""What an engine config must offer to a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import Engine

from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = (
    "AsyncEngineConfig",
    "EngineConfig",
    "SQLAlchemyConfigT",
    "SyncEngineConfig",
    "engine_of",
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


def engine_of(config: EngineConfig) -> AsyncEngine | Engine:
    """Return the engine that a config has.

    One of Advanced Alchemy may have none but that to which its ORM sessions are bound.

    Raises:
        ConfigurationError: There is none; the message names the remedy.
    """
    places = ("engine_instance", "connection_string")
    if not hasattr(config, "session_maker") or any(getattr(config, name, "") for name in places):
        return config.get_engine()
    bind = _bind_of(config)
    if not isinstance(bind, Engine) and not hasattr(bind, "sync_engine"):
        raise ConfigurationError(
            f"{type(config).__name__} has no engine: give it connection_string=, engine_instance=, "
            "or a session_maker that is bound to an engine, such as sessionmaker(engine).",
        )
    engine: AsyncEngine | Engine = bind
    return engine


def _bind_of(config: Any) -> Any:
    if config.session_maker is None:
        return config.session_config_dict.get("bind")
    settings = getattr(config.session_maker, "kw", None)  # whatever else makes them is called
    return settings.get("bind") if settings else getattr(config.session_maker(), "bind", None)
