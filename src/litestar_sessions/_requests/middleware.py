"""Where a session meets the messages of its connection."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING, Any

from litestar.enums import ScopeType
from litestar.middleware.session import SessionMiddleware
from litestar.utils.scope.state import ScopeState

from litestar_sessions._requests.backend import StorageSessionBackend
from litestar_sessions._requests.copies import sessions_of
from litestar_sessions._requests.events import warn
from litestar_sessions._requests.frames import without_frames
from litestar_sessions._requests.subclasses import (
    REFUSED_IN_MIDDLEWARE,
    RefusesOverrides,
    overrides,
)
from litestar_sessions.exceptions import ConfigurationError, ResponseStartedError, SessionError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from litestar_sessions._requests.request_session import RequestSession

__all__ = ("SQLAlchemySessionMiddleware", "SessionSignpost")

_NORMAL_CLOSURE, _INTERNAL_ERROR = 1000, 1011
"""What a WebSocket is closed with (RFC 6455, section 7.4.1)."""
_LITESTAR_ERRORS = range(4_500, 4_600)
"""What Litestar closes a WebSocket with then: 4000 and the status."""

_STARTS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}


class SQLAlchemySessionMiddleware(RefusesOverrides, SessionMiddleware[StorageSessionBackend[Any]]):
    """Litestar's session middleware, but it changes no message in place and serves WebSockets too.

    ``config.middleware`` has it. It does not call the methods of a backend that Litestar's own
    calls with a connection; what they do is done here for less. Unless a subclass of the backend
    overrides them: then this is Litestar's own.

    Raises:
        ConfigurationError: The backend is of another package.
    """

    _refused = REFUSED_IN_MIDDLEWARE

    def __init__(self, app: ASGIApp, backend: StorageSessionBackend[Any]) -> None:
        if not isinstance(backend, StorageSessionBackend):
            raise ConfigurationError(
                f"{type(backend).__name__} is no backend of this package: derive it from "
                "SQLAlchemyAsyncSessionBackend or SQLAlchemySyncSessionBackend, or use Litestar's "
                "SessionMiddleware.",
            )
        super().__init__(app, backend)
        self._calls_backend = overrides(
            type(backend), StorageSessionBackend, "load_from_connection", "store_in_message"
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """Let the application have the session, and storage what becomes of it.

        Below a middleware of the same config, as `SessionAuth` adds one, that does all of this.
        """
        outer = sessions_of(scope)
        if self._calls_backend:
            return super().__call__(scope, receive, send)
        if outer and outer[-1].tracked.settings is self.backend.settings:
            outer[-1].shown.join(scope)
            return self.app(scope, receive, send)  # type: ignore[return-value]  # it is awaited
        return self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = self.backend.open_session(scope)
        scope["session"] = await session.load()
        session.tell_id()
        try:
            await self.app(scope, receive, _settling(send, session))
        except Exception:
            await _fail(session, scope)
            raise
        except CancelledError:
            await session.finish_ending()
            raise
        if scope["type"] == ScopeType.WEBSOCKET:
            await _close(session, may_save=True)
        elif session.shown.is_cleared:  # by what followed the start of the response
            await session.settle(may_save=False)


async def _fail(session: RequestSession, scope: Scope) -> None:
    """Settle after an error; raise the one of the session, if it was that."""
    if session.failure is not None:
        # Litestar takes the response for started, but nothing was sent.
        ScopeState.from_scope(scope).response_started = False
        raise session.failure from session.failure.__cause__
    await session.settle(may_save=False)


class SessionSignpost(SessionMiddleware[StorageSessionBackend[Any]]):
    """Shows Litestar's command line where the sessions are; no request passes it.

    For an application whose own middleware does not show it: that of ``SessionAuth`` does not.
    """

    def __new__(cls, app: ASGIApp, **_: Any) -> ASGIApp:  # type: ignore[misc]  # nothing of it stays
        """Return what is below in its place."""
        return app


def _settling(send: Send, session: RequestSession) -> Send:
    """Return a ``send`` that settles the session before the response or the socket starts."""

    async def send_settled(message: Message) -> None:
        kind = message["type"]
        if kind in _STARTS:
            message = await session.respond(message)
        elif kind == "websocket.close":
            code = message.get("code", _NORMAL_CLOSURE)
            is_error = code == _INTERNAL_ERROR or code in _LITESTAR_ERRORS
            await _close(session, may_save=not is_error)
        await send(message)

    return send_settled


async def _close(session: RequestSession, *, may_save: bool) -> None:
    """Settle the session of a WebSocket that ends, once: it may be closed and the handler go on."""
    if session.is_closed or session.failure is not None:
        return
    session.is_closed = True
    try:
        await session.refuse()
        await session.settle(may_save=may_save, may_tell=False)
    except ResponseStartedError:
        warn(
            "no_cookie",
            "A new session, or a new ID, was dropped: the WebSocket ends without a cookie",
        )
    except SessionError as error:
        raise without_frames(error)  # noqa: B904 - it is that error
