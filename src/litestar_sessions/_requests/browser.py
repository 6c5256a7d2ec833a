"""What the browser knows of a session, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.caches import forbid_storing, vary_by_cookie
from litestar_sessions._requests.cookies import (
    clear_cookie,
    clear_doubt,
    cleared,
    in_doubt,
    read_cookies,
    send_cookie,
    send_doubt,
)

if TYPE_CHECKING:
    from litestar.types import Message, Scope

    from litestar_sessions._requests.cookies import SessionCookie
    from litestar_sessions._requests.tracking import TrackedSession

__all__ = ("Browser",)


class Browser:
    """The browser at the other end of one connection.

    If the database does not answer when a session gets another ID, nobody knows which of the two it
    has: a statement that waits for a lock may be carried out later. The browser keeps both then,
    one of them in a cookie of its own, until the session is found under that.
    """

    __slots__ = ("_cookie", "_doubtful", "_sent", "values")

    def __init__(self, cookie: SessionCookie, scope: Scope) -> None:
        self._cookie = cookie
        self._sent, self._doubtful = read_cookies(scope, cookie.key)
        self.values = [*self._sent, *self._doubtful] if self._doubtful else self._sent
        """What its cookies say; a later one goes before an earlier one."""

    def has_news(self, tracked: TrackedSession) -> bool:
        """Tell whether a session has another ID than the cookie that is not in doubt."""
        return bool(self._doubtful) and tracked.session_id not in self._sent

    @property
    def forgetting(self) -> dict[str, str]:
        """The header with which it forgets the session."""
        return {"Set-Cookie": cleared(self._cookie)} if self._sent else {}

    def doubting(self, tracked: TrackedSession) -> dict[str, str]:
        """Return the header with which it knows two IDs; none if there is but one."""
        if tracked.next_id == tracked.session_id:
            return {}
        header = in_doubt(self._cookie, tracked.next_id, tracked.cookie_age)
        return {"Set-Cookie": header}

    def told(self, message: Any, tracked: TrackedSession, *, is_involved: bool) -> Any:
        """Return a copy of the message that starts a response, with what the browser has to know.

        Args:
            message: Whatever is inside may keep it, as Litestar's response cache does.
            tracked: The session as storage has it; its news are told.
            is_involved: Whether the response may depend on the session.
        """
        message = {**message, "headers": list(message.get("headers", ()))}
        is_sent = tracked.has_news and self._send(message, tracked)
        tracked.has_news = False
        if message["type"] != "websocket.accept":
            if is_sent:
                forbid_storing(message)
            if is_involved or is_sent:
                vary_by_cookie(message)
        return message

    def _send(self, message: Message, tracked: TrackedSession) -> bool:
        """Add the cookie, or what clears it; return whether there is anything."""
        if tracked.is_in_doubt:
            self._send_both(message, tracked)
            return True
        if tracked.stored is not None:
            send_cookie(message, self._cookie, tracked.session_id, tracked.cookie_age)
        elif self.values:
            clear_cookie(message, self._cookie)
        else:
            return False
        if self._doubtful and (tracked.stored is None or self.has_news(tracked)):
            clear_doubt(message, self._cookie)
        return True

    def _send_both(self, message: Message, tracked: TrackedSession) -> None:
        """Add the ID that the session may have got, and that of before if no cookie has it."""
        if self.has_news(tracked):
            send_cookie(message, self._cookie, tracked.session_id, tracked.cookie_age)
        send_doubt(message, self._cookie, tracked.next_id, tracked.cookie_age)
        tracked.leave_in_doubt()
