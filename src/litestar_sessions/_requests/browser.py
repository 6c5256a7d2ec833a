"""What the browser is told of a session."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.caches import forbid_storing, vary_by_cookie
from litestar_sessions._requests.cookies import clear_cookie, send_cookie

if TYPE_CHECKING:
    from litestar.types import Message

    from litestar_sessions._requests.cookies import SessionCookie
    from litestar_sessions._requests.tracking import TrackedSession

__all__ = ("with_headers",)


def with_headers(
    message: Any,
    cookie: SessionCookie,
    tracked: TrackedSession,
    *,
    had_cookie: bool,
    is_involved: bool,
) -> Any:
    """Return a copy of the message that starts a response, with what the browser has to know.

    Args:
        message: Whatever is inside may keep it, as Litestar's response cache does.
        cookie: The name and the attributes of the cookie.
        tracked: The session as storage has it; its news are told.
        had_cookie: Whether the request had a cookie of that name.
        is_involved: Whether the response may depend on the session.
    """
    message = {**message, "headers": list(message.get("headers", ()))}
    is_sent = tracked.has_news and _send(message, cookie, tracked, had_cookie=had_cookie)
    tracked.has_news = False
    if message["type"] != "websocket.accept":
        if is_sent:
            forbid_storing(message)
        if is_involved or is_sent:
            vary_by_cookie(message)
    return message


def _send(
    message: Message, cookie: SessionCookie, tracked: TrackedSession, *, had_cookie: bool
) -> bool:
    """Add the cookie, or what clears it; return whether there is anything."""
    if tracked.stored is not None:
        send_cookie(message, cookie, tracked.session_id, ceil(tracked.seconds_left))
    elif had_cookie:
        clear_cookie(message, cookie)
    else:
        return False
    return True
