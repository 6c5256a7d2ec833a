"""Database-backed sessions for Litestar, over any engine SQLAlchemy can open."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar_sessions._async.backend import SQLAlchemyAsyncSessionBackend
    from litestar_sessions._async.encrypted import AsyncEncryptedSessionStorage
    from litestar_sessions._async.engine_config import SQLAlchemyAsyncConfig
    from litestar_sessions._async.storage import AsyncSessionStorage
    from litestar_sessions._requests.backend_base import SQLAlchemySessionBackendBase
    from litestar_sessions._requests.errors import SessionConflictError, SessionUnavailableError
    from litestar_sessions._requests.middleware import SQLAlchemySessionMiddleware
    from litestar_sessions._requests.session_events import (
        SessionEvent,
        SessionListener,
    )
    from litestar_sessions._requests.watching import SessionTelemetry
    from litestar_sessions._sql.counting import SessionCounts
    from litestar_sessions._sql.dialects import SaveBy
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.measures import DataSizes, TableSize
    from litestar_sessions._sql.records import StoredSession
    from litestar_sessions._sync.backend import SQLAlchemySyncSessionBackend
    from litestar_sessions._sync.encrypted import SyncEncryptedSessionStorage
    from litestar_sessions._sync.engine_config import SQLAlchemySyncConfig
    from litestar_sessions._sync.storage import SyncSessionStorage
    from litestar_sessions.config import SQLAlchemySessionConfig
    from litestar_sessions.connection import (
        end_all_sessions,
        end_other_sessions,
        end_session,
        list_sessions,
        refresh_session,
        rotate_session_id,
        save_session,
        set_session_lifetime,
        signed_in_within,
    )
    from litestar_sessions.default_model import Session
    from litestar_sessions.exceptions import (
        ConfigurationError,
        ResponseStartedError,
        SessionDamagedError,
        SessionDatabaseError,
        SessionError,
        SessionExistsError,
        SessionTooLargeError,
    )
    from litestar_sessions.model import SessionModelMixin, UserSessionMixin, UUIDv7Base
    from litestar_sessions.plugin import SessionPlugin

__all__ = (
    "AsyncEncryptedSessionStorage",
    "AsyncSessionStorage",
    "ConfigurationError",
    "DataSizes",
    "ResponseStartedError",
    "SQLAlchemyAsyncConfig",
    "SQLAlchemyAsyncSessionBackend",
    "SQLAlchemySessionBackendBase",
    "SQLAlchemySessionConfig",
    "SQLAlchemySessionMiddleware",
    "SQLAlchemySyncConfig",
    "SQLAlchemySyncSessionBackend",
    "SaveBy",
    "Session",
    "SessionConflictError",
    "SessionCounts",
    "SessionDamagedError",
    "SessionDatabaseError",
    "SessionError",
    "SessionEvent",
    "SessionExistsError",
    "SessionInfo",
    "SessionListener",
    "SessionModelMixin",
    "SessionPlugin",
    "SessionTelemetry",
    "SessionTooLargeError",
    "SessionUnavailableError",
    "StoredSession",
    "SyncEncryptedSessionStorage",
    "SyncSessionStorage",
    "TableSize",
    "UUIDv7Base",
    "UserSessionMixin",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "list_sessions",
    "refresh_session",
    "rotate_session_id",
    "save_session",
    "set_session_lifetime",
    "signed_in_within",
)

_HOMES = {
    "_async.backend": ("SQLAlchemyAsyncSessionBackend",),
    "_async.engine_config": ("SQLAlchemyAsyncConfig",),
    "_async.encrypted": ("AsyncEncryptedSessionStorage",),
    "_async.storage": ("AsyncSessionStorage",),
    "_sync.backend": ("SQLAlchemySyncSessionBackend",),
    "_sync.engine_config": ("SQLAlchemySyncConfig",),
    "_sync.encrypted": ("SyncEncryptedSessionStorage",),
    "_sync.storage": ("SyncSessionStorage",),
    "_requests.backend_base": ("SQLAlchemySessionBackendBase",),
    "_sql.counting": ("SessionCounts",),
    "_sql.dialects": ("SaveBy",),
    "exceptions": (
        "ConfigurationError",
        "ResponseStartedError",
        "SessionDamagedError",
        "SessionDatabaseError",
        "SessionError",
        "SessionExistsError",
        "SessionTooLargeError",
    ),
    "_requests.errors": ("SessionConflictError", "SessionUnavailableError"),
    "connection": (
        "end_all_sessions",
        "end_other_sessions",
        "end_session",
        "list_sessions",
        "refresh_session",
        "rotate_session_id",
        "save_session",
        "set_session_lifetime",
        "signed_in_within",
    ),
    "_requests.session_events": (
        "SessionEvent",
        "SessionListener",
    ),
    "_requests.watching": ("SessionTelemetry",),
    "default_model": ("Session",),
    "_requests.middleware": ("SQLAlchemySessionMiddleware",),
    "plugin": ("SessionPlugin",),
    "config": ("SQLAlchemySessionConfig",),
    "model": ("SessionModelMixin", "UUIDv7Base", "UserSessionMixin"),
    "_sql.infos": ("SessionInfo",),
    "_sql.records": ("StoredSession",),
    "_sql.measures": ("DataSizes", "TableSize"),
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
