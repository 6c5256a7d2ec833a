"""Where a session meets the messages of its connection."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar.enums import ScopeType
from litestar.middleware.session import SessionMiddleware
from litestar.utils.scope.state import ScopeState

from litestar_sessions.exceptions import ResponseStartedError
from litestar_sessions.request_session import RequestSession, find_session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.connection import ASGIConnection
    from litestar.types import Message, Receive, Scope, Send

__all__ = ("SQLAlchemySessionMiddleware",)

_NORMAL_CLOSURE, _INTERNAL_ERROR = 1000, 1011
"""What a WebSocket is closed with (RFC 6455, section 7.4.1)."""
_LITESTAR_ERRORS = range(4_500, 4_600)
"""What Litestar closes a WebSocket with then: 4000 and the status."""

logger = logging.getLogger("litestar_sessions")


class SQLAlchemySessionMiddleware(SessionMiddleware[Any]):
    """Litestar's session middleware, which changes no message in place and also serves WebSockets.

    ``config.middleware`` has it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application have the session, and storage what becomes of it."""
        try:
            await super().__call__(scope, receive, send)
        except Exception:
            session = find_session(self.backend, scope)
            if session is None:
                raise
            if session.failure is not None:
                # Litestar takes the response for started, but nothing was sent.
                ScopeState.from_scope(scope).response_started = False
                raise session.failure from session.failure.__cause__
            await session.settle(may_save=False)
            raise
        session = find_session(self.backend, scope)
        if session is not None and scope["type"] == ScopeType.WEBSOCKET:
            await _close(session, may_save=True)

    def create_send_wrapper(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> Callable[[Message], Awaitable[None]]:
        """Return a ``send`` that settles the session before the response or the socket starts."""

        async def send(message: Message) -> None:
            session = find_session(self.backend, connection.scope)
            if session is not None:
                message = await _settle(session, message)
            await connection.send(message)

        return send


async def _settle(session: RequestSession, message: Message) -> Message:
    """Return the message to send; one that gets a header is a copy.

    Whatever is inside of this middleware may keep the original: Litestar's response cache does.
    """
    if message["type"] == "http.response.start":
        message = message.copy()
        message["headers"] = list(message.get("headers", ()))
        may_save = message["status"] < HTTPStatus.INTERNAL_SERVER_ERROR
        await session.respond(message, may_save=may_save)
    elif message["type"] == "websocket.accept":
        message = message.copy()
        message["headers"] = list(message.get("headers", ()))
        await session.respond(message, may_save=True)
    elif message["type"] == "websocket.close":
        code = message.get("code", _NORMAL_CLOSURE)
        is_error = code == _INTERNAL_ERROR or code in _LITESTAR_ERRORS
        await _close(session, may_save=not is_error)
    return message


async def _close(session: RequestSession, *, may_save: bool) -> None:
    """Settle the session of a WebSocket that ends, once: it may be closed and the handler go on."""
    if session.is_closed or session.failure is not None:
        return
    session.is_closed = True
    try:
        await session.settle(may_save=may_save)
    except ResponseStartedError:
        logger.warning(
            "A new session was dropped: once a WebSocket is accepted no cookie can be sent",
            extra={"session_event": "no_cookie"},
        )
