"""The session cookie: how it is read, set and cleared."""

from __future__ import annotations

import re
from functools import lru_cache
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import unquote

from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import Message, Scope

__all__ = (
    "SessionCookie",
    "clear_cookie",
    "clear_doubt",
    "cleared",
    "in_doubt",
    "read_cookies",
    "send_cookie",
    "send_doubt",
)

_DOUBTFUL = "-in-doubt"
"""What follows the name of the cookie with an ID of which nobody knows whether it was stored."""

_CLEARED = "null"
"""What Litestar puts into a cookie that it clears."""

_NO_AGE = "; Max-Age=0"
_SPELLING = SimpleCookie()


class SessionCookie(Protocol):
    """The name and the attributes of a cookie; Litestar's session configs have them."""

    key: str
    path: str
    domain: str | None
    secure: bool
    httponly: bool
    samesite: Literal["lax", "strict", "none"]


def read_cookies(scope: Scope, key: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the values of a request's cookies of that name, in their order, and those in doubt.

    HTTP/2 and HTTP/3 may send the cookies in several fields, which are one string (RFC 9113,
    section 8.2.3); Litestar itself knows the first of them only.
    """
    name = key.encode()
    cookies = b"; ".join([value for header, value in scope["headers"] if header == b"cookie"])
    times = cookies.count(name)
    if times == 0:
        return () if cookies else _given(scope, key), ()
    plain = _plain_value(name).search(cookies)
    if times == 1 and plain is not None:
        return (plain[1].decode(),), ()
    return _parsed(cookies, key), _parsed(cookies, key + _DOUBTFUL)


def _given(scope: Scope, key: str) -> Sequence[str]:
    """Return a cookie that is in no header: that of Litestar's test client."""
    cookies = ScopeState.from_scope(scope).cookies
    return () if cookies is Empty or key not in cookies else (cookies[key],)


def _parsed(cookies: bytes, key: str) -> Sequence[str]:
    """Return the values of a cookie, read as Litestar reads its last one."""
    pairs = (part.partition("=") for part in cookies.decode("latin-1").split(";"))
    return [
        unquote(_SPELLING.value_decode(value.strip())[0])
        for name, equals, value in pairs
        if equals and name.strip() == key
    ]


@lru_cache
def _plain_value(name: bytes) -> re.Pattern[bytes]:
    """Return what finds a cookie whose value is neither quoted nor encoded."""
    return re.compile(rb"(?:^|;)\s*" + re.escape(name) + rb"=(\w+)\s*(?:;|$)")


def send_cookie(message: Message, cookie: SessionCookie, value: str, max_age: int | None) -> None:
    """Add a cookie to a message.

    Args:
        message: A message with headers, which are changed.
        cookie: The name and the attributes of the cookie.
        value: The session ID.
        max_age: How many seconds the browser is to keep it; ``None``: until it is closed.
    """
    header = _spell(cookie, value, max_age)
    MutableScopeHeaders.from_message(message).add("set-cookie", header)


def _spell(cookie: SessionCookie, value: str, max_age: int | None, *, suffix: str = "") -> str:
    attributes = _attributes(
        key=cookie.key,
        path=cookie.path,
        domain=cookie.domain,
        secure=cookie.secure,
        httponly=cookie.httponly,
        samesite=cookie.samesite,
        partitioned=getattr(cookie, "partitioned", False),  # which Litestar's configs have not
    )
    _, spelled = _SPELLING.value_encode(value)
    age = "" if max_age is None else f"; Max-Age={max_age}"
    return f"{cookie.key}{suffix}={spelled}{attributes.replace(_NO_AGE, age)}"


def cleared(cookie: SessionCookie) -> str:
    """Return the header that removes the cookie, for which its attributes have to be the same."""
    return _spell(cookie, _CLEARED, 0)


def in_doubt(cookie: SessionCookie, session_id: str, max_age: int | None) -> str:
    """Return the header for an ID that the session may have got: the database did not answer.

    It goes beside the cookie with the other ID, so that the browser finds its session either way.
    """
    return _spell(cookie, session_id, max_age, suffix=_DOUBTFUL)


def send_doubt(message: Message, cookie: SessionCookie, value: str, max_age: int | None) -> None:
    """Add to a message a cookie with an ID that the session may have got."""
    header = in_doubt(cookie, value, max_age)
    MutableScopeHeaders.from_message(message).add("set-cookie", header)


def clear_doubt(message: Message, cookie: SessionCookie) -> None:
    """Add to a message what removes the cookie that is in doubt."""
    header = _spell(cookie, _CLEARED, 0, suffix=_DOUBTFUL)
    MutableScopeHeaders.from_message(message).add("set-cookie", header)


@lru_cache
def _attributes(*, partitioned: bool, **cookie: Any) -> str:
    """Return what follows the value of a cookie, which takes long to make.

    Python's own cookies are not partitioned before 3.14, and Litestar's are not at all.
    """
    attributes = Cookie(value="", max_age=0, **cookie).to_header(header="").partition('=""')[2]
    return f"{attributes}; Partitioned" if partitioned else attributes


def clear_cookie(message: Message, cookie: SessionCookie) -> None:
    """Add to a message what removes the cookie."""
    send_cookie(message, cookie, _CLEARED, max_age=0)
