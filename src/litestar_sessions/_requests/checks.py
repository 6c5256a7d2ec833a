"""Which settings cannot work: they are refused where they are written, with the remedy."""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Protocol

from litestar_sessions._requests.cookies import SessionCookie
from litestar_sessions._requests.kinds import check_kinds
from litestar_sessions._requests.rules import make_policy
from litestar_sessions._requests.settings import PATIENCE
from litestar_sessions._requests.sizes import check_size_limit
from litestar_sessions._sql.table import SessionTable
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from litestar_sessions._requests.policy import OnConflict, SessionPolicy

__all__ = ("MAX_ID_BYTES", "MIN_ID_BYTES", "checked_policy")

MIN_ID_BYTES, MAX_ID_BYTES = 16, 127

_PATH = re.compile(r"/[!\"$-:<->@-~]*")
"""What the path of a request may begin with."""
_DOMAIN = re.compile(r"\.?(?:\w(?:[\w-]*\w)?\.)*\w(?:[\w-]*\w)?", re.ASCII)
"""The name of a host; the dot before it has no meaning any more."""


class CheckedSettings(SessionCookie, Protocol):
    """The settings of a config that are checked one by one."""

    session_id_bytes: int
    database_timeout: float
    model: type[Any]
    max_age: int
    renew_on_access: bool
    renewal_interval: float | None
    absolute_timeout: int | None
    persistent: bool
    partitioned: bool
    on_conflict: OnConflict
    rotation_interval: float | None
    rotation_grace: float
    max_data_size: int | None

    def clock(self) -> datetime: ...


def checked_policy(config: CheckedSettings) -> SessionPolicy:
    """Return the rules that settings ask for; refuse what cannot work.

    Raises:
        ConfigurationError: The message names the setting, and the remedy.
    """
    check_kinds(config)
    check_cookie(config)
    check_id_bytes(config.session_id_bytes)
    check_patience(config.database_timeout)
    check_model(config.model, config.absolute_timeout)
    check_size_limit(config.max_data_size)
    return make_policy(
        config.clock(),
        max_age=config.max_age,
        renews=config.renew_on_access,
        renewal_interval=config.renewal_interval,
        absolute_timeout=config.absolute_timeout,
        on_conflict=config.on_conflict,
        persistent=config.persistent,
        rotation_interval=config.rotation_interval,
        rotation_grace=config.rotation_grace,
        max_data_size=config.max_data_size,
    )


def check_cookie(cookie: CheckedSettings) -> None:
    """Refuse settings with which browsers would drop the cookie, or never send it.

    Raises:
        ConfigurationError: The message names the setting to change (RFC 6265bis, sections 4.1.2.7
            and 4.1.3; the draft on CHIPS, section 2.1).
    """
    _check_name(cookie)
    _check_samesite(cookie)
    if cookie.partitioned and not cookie.secure:
        raise ConfigurationError(
            "Browsers drop a cookie with partitioned=True that is not secure: set secure=True, and "
            "samesite='none' for pages within those of another site.",
        )
    if not _PATH.fullmatch(cookie.path):
        raise ConfigurationError(
            f"path={cookie.path!r} cannot be the path of a cookie: let it begin with a slash and "
            "have neither semicolons, spaces, ? or # nor characters beyond ASCII.",
        )
    if cookie.domain is not None and not _DOMAIN.fullmatch(cookie.domain):
        raise ConfigurationError(
            f"domain={cookie.domain!r} cannot be the domain of a cookie: write the name of a host "
            "in ASCII, such as 'example.com', without scheme, port, path and wildcard.",
        )


def _check_name(cookie: SessionCookie) -> None:
    try:
        SimpleCookie({cookie.key: ""})
    except CookieError:
        raise ConfigurationError(
            f"key={cookie.key!r} cannot be the name of a cookie: use letters, digits, - and _, and "
            "not the name of an attribute.",
        ) from None
    name = cookie.key.lower()
    if name.startswith("__host-"):
        if cookie.domain is not None:
            raise ConfigurationError(f"A cookie named {cookie.key} has no domain: leave it out.")
        if cookie.path != "/":
            raise ConfigurationError(f"A cookie named {cookie.key} needs path='/'.")
    if name.startswith(("__http-", "__host-http-")) and not cookie.httponly:
        raise ConfigurationError(f"A cookie named {cookie.key} needs httponly=True.")
    if name.startswith(("__host-", "__http-", "__secure-")) and not cookie.secure:
        raise ConfigurationError(f"A cookie named {cookie.key} needs secure=True.")


def _check_samesite(cookie: SessionCookie) -> None:
    if cookie.samesite not in {"lax", "strict", "none"}:
        raise ConfigurationError(
            f"samesite={cookie.samesite!r} is none of 'lax', 'strict', 'none': choose one of them.",
        )
    if cookie.samesite == "none" and not cookie.secure:
        raise ConfigurationError(
            "Browsers drop a cookie with samesite='none' that is not secure: set secure=True.",
        )


def check_id_bytes(count: int) -> None:
    """Refuse session IDs that could be guessed, or are too long for a column.

    Raises:
        ConfigurationError: The message says how many bytes there may be.
    """
    if not MIN_ID_BYTES <= count <= MAX_ID_BYTES:
        raise ConfigurationError(
            f"session_id_bytes={count} is not from {MIN_ID_BYTES} (fewer can be guessed) to "
            f"{MAX_ID_BYTES}: leave it out for 32.",
        )


def check_patience(seconds: float) -> None:
    """Refuse a time in which no database could answer.

    Raises:
        ConfigurationError: It is not positive.
    """
    if not seconds > 0:
        raise ConfigurationError(
            f"database_timeout={seconds} is no time to answer: choose some seconds, or leave it "
            f"out for {PATIENCE:g}.",
        )


def check_model(model: type[Any], absolute_timeout: float | None) -> None:
    """Refuse a class that cannot hold sessions, or does not tell how old they are.

    Raises:
        ConfigurationError: The message says what to derive it from.
    """
    has_uuids = SessionTable(model).has_uuids
    if absolute_timeout is not None and not has_uuids:
        raise ConfigurationError(
            f"absolute_timeout is counted from the time in UUIDv7 keys, and {model!r} has other "
            "ones: derive it from SessionModelMixin.",
        )
