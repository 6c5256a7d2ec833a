"""The URL of the database: read, and told in words."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from litestar_sessions import ConfigurationError


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
