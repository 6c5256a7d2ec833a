"""What the browser knows of a session, and what it is told."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.cookies import (
    clear_cookie,
    forbid_storing,
    read_cookie,
    send_cookie,
    vary_by_cookie,
)

if TYPE_CHECKING:
    from litestar.types import Message, Scope

    from litestar_sessions._requests.cookies import SessionCookie
    from litestar_sessions._requests.tracking import TrackedSession

__all__ = ("BrowserSession",)


class BrowserSession:
    """The session cookie that came with a request, and the one that goes with its response."""

    __slots__ = ("_cookie", "sent_id")

    def __init__(self, cookie: SessionCookie, scope: Scope) -> None:
        self._cookie = cookie
        self.sent_id = read_cookie(scope, cookie.key)
        """What came as the session ID; ``None`` if there was no cookie."""

    def told(self, message: Any, tracked: TrackedSession, *, is_involved: bool) -> Any:
        """Return the message that starts a response, or a copy with the headers that it needs.

        Args:
            message: Whatever is inside may keep it, as Litestar's response cache does.
            tracked: The session as storage has it.
            is_involved: Whether the response may depend on it.
        """
        if not is_involved and not tracked.has_news:
            return message
        message = {**message, "headers": list(message.get("headers", ()))}
        is_sent = tracked.has_news and self._send_cookie(message, tracked)
        tracked.has_news = False
        if message["type"] == "http.response.start":
            if is_sent:
                forbid_storing(message)
            if is_involved:
                vary_by_cookie(message)
        return message

    def _send_cookie(self, message: Message, tracked: TrackedSession) -> bool:
        """Add the cookie, or what clears it; return whether there is anything."""
        if tracked.stored is not None:
            send_cookie(message, self._cookie, tracked.session_id, ceil(tracked.seconds_left))
        elif self.sent_id is not None:
            clear_cookie(message, self._cookie)
        else:
            return False
        return True
