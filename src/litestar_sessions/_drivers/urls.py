"""What the URL of a database says: which dialect, and which hosts.

libpq's URLs list hosts with commas. SQLAlchemy wants such a list in the query, and asyncpg wants a
port for each host; so a list is read here, however it is spelled, and written for all drivers.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from sqlalchemy.engine import Dialect

    Hosts: TypeAlias = list[tuple[str, str]]
    """Names and ports; a port may be empty."""

__all__ = ("is_async_url", "parse_url")

_BACKENDS = {"postgresql", "mysql", "mariadb", "sqlite"}
"""Whose hosts are looked at: for Oracle and SQL Server a comma means something else."""
_WITH_SEVERAL_HOSTS = {"asyncpg", "psycopg", "psycopg_async", "psycopg2"}

# User and password end where they end for SQLAlchemy.
_URL = re.compile(
    r"(?P<start>(?P<backend>\w+)(?:\+\w+)?://(?:[^:/]*(?::[^@]*)?@)?)(?P<hosts>[^/?]*)(?P<rest>.*)",
    re.DOTALL,
)
# What has an "@" may be the end of a password, and drivers repeat the names of hosts.
_HOST = re.compile(r"(?:\[(?P<ipv6>[^\[\]@]+)\]|(?P<name>[^\[\]:@]+))(?::(?P<port>\d*))?")


def parse_url(connection_string: str | URL) -> tuple[URL, type[Dialect]]:
    """Return the URL, its hosts spelled for its driver, and the dialect that it names.

    Of several hosts the one that takes writes is wanted, unless the URL or ``PGTARGETSESSIONATTRS``
    has other ``target_session_attrs``.

    Raises:
        ConfigurationError: The URL is no URL, its dialect is not known, or it has several hosts
            and its driver takes one. The message has no part of the URL but the driver.
    """
    try:
        url, hosts = _divided(connection_string)
    except ConfigurationError:  # which is a ValueError too
        raise
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        # The text may hold a password, so it is not repeated.
        raise ConfigurationError(
            "That is no database URL; one looks like "
            "'postgresql+asyncpg://user:password@host/database'.",
        ) from None
    dialect = _dialect_of(url)
    if len(hosts) > 1:
        _check_driver(url, dialect)
        url = _with_hosts(url, hosts)
    return url, dialect


def is_async_url(connection_string: str | URL) -> bool:
    """Tell whether the driver of a URL can be used async; psycopg can be either.

    Raises:
        ConfigurationError: As `parse_url`.
    """
    url, dialect = parse_url(connection_string)
    return bool(dialect.get_async_dialect_cls(url).is_async)


def _divided(connection_string: str | URL) -> tuple[URL, Hosts]:
    """Return the URL, without its hosts if they are a list, and that list."""
    if isinstance(connection_string, str):
        found = _URL.match(connection_string)
        if found and found["backend"] in _BACKENDS and "," in found["hosts"]:
            url = make_url(found["start"] + found["rest"])
            return url, _in_query(url) or _in_text(found["hosts"], url)
    url = make_url(connection_string)
    if url.get_backend_name() not in _BACKENDS:
        return url, []
    if "," in (url.host or "") and "host" not in url.query:
        return url, _in_object(url)
    return url, _in_query(url)


def _in_text(text: str, url: URL) -> Hosts:
    names = text.split(",")
    if not all(_HOST.fullmatch(name) for name in names):
        raise ValueError
    return [(unquote(host), port) for host, port in _paired(names, url)]


def _in_object(url: URL) -> Hosts:
    if url.port is not None:
        raise ConfigurationError(
            "This URL object has several hosts and one port: give each host its own, as in "
            "host='first:5432,second:5432', or pass the URL as a string.",
        )
    return _in_text(str(url.host), url)


def _in_query(url: URL) -> Hosts:
    return _paired(_listed(url.query.get("host", ())), url)


def _paired(names: list[str], url: URL) -> Hosts:
    ports = _listed(url.query.get("port", ())) or [str(url.port or "")]
    if len(ports) == 1:
        ports *= len(names)  # as libpq does
    if names and len(names) != len(ports):
        raise ConfigurationError("The query of the URL has to list as many ports as hosts, or one.")
    return [_pair(name, port) for name, port in zip(names, ports, strict=False)]


def _pair(name: str, port: str) -> tuple[str, str]:
    found = _HOST.fullmatch(name)
    if found is None:
        return name, port  # an IPv6 address without brackets
    return found["ipv6"] or found["name"], found["port"] or port


def _listed(value: str | Sequence[str]) -> list[str]:
    text = value if isinstance(value, str) else ",".join(value)
    return text.split(",") if text else []


def _dialect_of(url: URL) -> type[Dialect]:
    try:
        return url.get_dialect()
    except NoSuchModuleError:
        former, _, driver = url.drivername.partition("+")
        remedy = "check its spelling, or install the package that brings it"
        if former == "postgres":
            remedy = f"begin the URL with postgresql+{driver or 'asyncpg'}://"
        raise ConfigurationError(
            f"SQLAlchemy has no dialect {url.drivername!r}: {remedy}.",
        ) from None


def _check_driver(url: URL, dialect: type[Dialect]) -> None:
    if dialect.driver not in _WITH_SEVERAL_HOSTS:
        raise ConfigurationError(
            f"{url.drivername} takes one host, and this URL has several: for PostgreSQL choose "
            "asyncpg, psycopg or psycopg2, for another database name the host of a proxy.",
        )


def _with_hosts(url: URL, hosts: Hosts) -> URL:
    usual = os.environ.get("PGPORT", "5432")
    wanted = os.environ.get("PGTARGETSESSIONATTRS", "read-write")
    query = {
        "target_session_attrs": wanted,
        **url.query,
        "host": ",".join(name for name, _ in hosts),
        "port": ",".join(port or usual for _, port in hosts),
    }
    # `URL.set` cannot take a host away.
    login = (url.drivername, url.username, url.password)
    return URL.create(*login, database=url.database, query=query)
