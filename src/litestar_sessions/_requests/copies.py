"""Copies of a scope: what is set or cleared in one of them is so for the whole connection.

A middleware may call the application with ``{**scope}``, and a mount has a copy with
``copy_scope=True``. Litestar's connections write to the scope that they were made of, of which the
session middleware knows nothing: somebody who signs out there would stay signed in.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from litestar.connection import ASGIConnection

from litestar_sessions._requests.strangers import follow_looks

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import Scope

    from litestar_sessions._requests.asked import AskedSession
    from litestar_sessions._requests.codec import SessionCodec

__all__ = ("add_session", "find_session", "follow_connections", "sessions_of")

_SCOPE_KEY = "_litestar_sessions"

_FOLLOWED = "_litestar_sessions_follow"


def add_session(scope: Scope, session: AskedSession) -> AskedSession:
    """Return a session that is found in a scope, and in every copy that is made of it later."""
    sessions = sessions_of(scope)
    for outer in sessions:
        outer.shown.cover()
    scope[_SCOPE_KEY] = (*sessions, session)  # type: ignore[literal-required]  # Litestar's type has only its own keys
    return session


def sessions_of(scope: Scope) -> tuple[AskedSession, ...]:
    """Return the sessions of a connection, the innermost last.

    They are found in every copy of a scope, and in one that has another ``state`` too.
    """
    sessions: tuple[AskedSession, ...] = scope.get(_SCOPE_KEY, ())  # type: ignore[assignment]  # Litestar's type has all it may be
    return sessions


def find_session(codec: SessionCodec, scope: Scope) -> AskedSession | None:
    """Return the session that a backend has for a connection, the innermost of several."""
    for session in reversed(sessions_of(scope)):
        if session.tracked.codec is codec:
            return session
    return None


def follow_connections() -> None:
    """Have ``set_session`` and ``clear_session`` of every connection tell its session.

    Nothing else sees them all: a scope may be copied anywhere, and by any means, and there are
    connections of any class. Those of other session middlewares do what they always did.
    """
    for name in ("set_session", "clear_session"):
        method = getattr(ASGIConnection, name)
        if not hasattr(method, _FOLLOWED):
            setattr(ASGIConnection, name, _telling(method))
    follow_looks()


def _telling(method: Callable[..., None]) -> Callable[..., None]:
    @wraps(method)
    def change(connection: ASGIConnection[Any, Any, Any, Any], *args: Any, **kwargs: Any) -> None:
        method(connection, *args, **kwargs)
        sessions = sessions_of(connection.scope)
        if sessions:
            sessions[-1].shown.change(connection.scope)

    setattr(change, _FOLLOWED, True)
    return change
