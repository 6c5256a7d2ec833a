"""Database-backed sessions for Litestar, over any engine SQLAlchemy can open."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar_sessions._async.backend import SQLAlchemyAsyncSessionBackend
    from litestar_sessions._async.config import SQLAlchemyAsyncConfig
    from litestar_sessions._async.storage import AsyncSessionStorage
    from litestar_sessions._sync.backend import SQLAlchemySyncSessionBackend
    from litestar_sessions._sync.config import SQLAlchemySyncConfig
    from litestar_sessions._sync.storage import SyncSessionStorage
    from litestar_sessions.base import SQLAlchemySessionBackendBase
    from litestar_sessions.dialects import SaveBy
    from litestar_sessions.exceptions import ConfigurationError, SessionError, SessionExistsError
    from litestar_sessions.model import SessionModelMixin, UUIDv7Base
    from litestar_sessions.records import StoredSession

__all__ = (
    "AsyncSessionStorage",
    "ConfigurationError",
    "SQLAlchemyAsyncConfig",
    "SQLAlchemyAsyncSessionBackend",
    "SQLAlchemySessionBackendBase",
    "SQLAlchemySyncConfig",
    "SQLAlchemySyncSessionBackend",
    "SaveBy",
    "SessionError",
    "SessionExistsError",
    "SessionModelMixin",
    "StoredSession",
    "SyncSessionStorage",
    "UUIDv7Base",
)

_HOMES = {
    "_async.backend": ("SQLAlchemyAsyncSessionBackend",),
    "_async.config": ("SQLAlchemyAsyncConfig",),
    "_async.storage": ("AsyncSessionStorage",),
    "_sync.backend": ("SQLAlchemySyncSessionBackend",),
    "_sync.config": ("SQLAlchemySyncConfig",),
    "_sync.storage": ("SyncSessionStorage",),
    "base": ("SQLAlchemySessionBackendBase",),
    "dialects": ("SaveBy",),
    "exceptions": ("ConfigurationError", "SessionError", "SessionExistsError"),
    "model": ("SessionModelMixin", "UUIDv7Base"),
    "records": ("StoredSession",),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a script with a storage needs no Litestar."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what there is, imported or not."""
    return sorted({*globals(), *__all__})
