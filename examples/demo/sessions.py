"""The sessions of the demo: their table, their cookie, and the backend that fits the database."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from litestar_sessions import (
    ConfigurationError,
    SessionModelMixin,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
)

EngineConfig: TypeAlias = SQLAlchemyAsyncConfig | SQLAlchemySyncConfig
Backend: TypeAlias = SQLAlchemyAsyncSessionBackend | SQLAlchemySyncSessionBackend

LIFETIME = timedelta(days=14)


class UserSession(SessionModelMixin):
    """The table of the sessions."""

    __tablename__ = "user_sessions"


def open_backend(url: URL) -> tuple[Backend, EngineConfig]:
    """Return a backend, async wherever the driver is, and the config whose engine it uses.

    Raises:
        ConfigurationError: The driver is unknown or not installed.
    """
    # Cookies do not know ports: another application on this machine must not take ours for its own.
    cookie = ServerSideSessionConfig(key="demo_session", max_age=int(LIFETIME.total_seconds()))
    if _is_async(url):
        config = SQLAlchemyAsyncConfig(url, create_all=True)
        return SQLAlchemyAsyncSessionBackend(cookie, config, UserSession), config
    sync_config = SQLAlchemySyncConfig(url, create_all=True)
    return SQLAlchemySyncSessionBackend(cookie, sync_config, UserSession), sync_config


def parse_url(text: str) -> URL:
    """Return the URL of a database.

    Raises:
        ConfigurationError: The text is none; the message does not repeat it.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        url = None
    # What follows the first "@" of a password counts as the host, and hosts are shown.
    if url is None or "@" in (url.host or ""):
        raise ConfigurationError(
            "That is no database URL. One looks like "
            "postgresql+asyncpg://user:password@host/database, "
            "with %40 for @, %2F for / and %3A for : in the password.",
        )
    return url


def describe(url: URL) -> str:
    """Return the driver and the database in words for people, without user and password."""
    place = url.database or "in memory"
    if url.host:
        port = f":{url.port}" if url.port else ""
        place = f"{url.database or 'default database'} on {url.host}{port}"
    return f"{url.drivername} ({place})"


def _is_async(url: URL) -> bool:
    try:
        dialect = url.get_dialect().get_async_dialect_cls(url)
    except NoSuchModuleError:
        return True  # either config says what is wrong
    return bool(dialect.is_async)
