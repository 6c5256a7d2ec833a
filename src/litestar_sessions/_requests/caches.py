"""What shared caches are told of a response, such as those of proxies and browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.datastructures import MutableScopeHeaders

if TYPE_CHECKING:
    from litestar.types import Message

__all__ = ("forbid_storing", "keep_varying", "vary_by_cookie")

_VARY = b"vary"


def forbid_storing(message: Message) -> None:
    """Tell caches not to keep the response, unless it says itself what they may do.

    One that kept its cookie would hand the session to others (RFC 9111, section 7.3).
    """
    MutableScopeHeaders.from_message(message).setdefault("cache-control", "no-store")


def vary_by_cookie(message: Any) -> None:
    """Tell caches that the response depends on the request's cookies (RFC 9110, section 12.5.5)."""
    headers = message["headers"] = _VaryingHeaders(message["headers"])
    for place, (name, value) in enumerate(headers):
        if name.lower() == _VARY:
            headers[place] = (name, value)
            return
    headers.append((_VARY, b"Cookie"))


def keep_varying(message: Any) -> None:
    """Have the cookie stay in ``Vary``, if it is there, also in a copy of the headers."""
    if any(
        name.lower() == _VARY and _with_cookie(value) is value for name, value in message["headers"]
    ):
        message["headers"] = _VaryingHeaders(message["headers"])


class _VaryingHeaders(list[tuple[bytes, bytes]]):
    """Headers whose ``Vary`` has the cookie, also if somebody sets it anew.

    Litestar's CORS does so after every middleware, and leaves nothing of what was there.
    """

    def __setitem__(self, place: Any, header: Any) -> None:
        if not isinstance(place, slice) and header[0].lower() == _VARY:
            header = (header[0], _with_cookie(header[1]))
        super().__setitem__(place, header)


def _with_cookie(names: bytes) -> bytes:
    known = {name.strip().lower() for name in names.split(b",")}
    return names if known & {b"cookie", b"*"} else names + b", Cookie"
