"""What a handler can ask for beyond ``request.session``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.copies import sessions_of
from litestar_sessions._requests.frames import without_frames
from litestar_sessions.exceptions import ConfigurationError, SessionError

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

    from litestar_sessions._requests.asked import AskedSession
    from litestar_sessions._sql.records import StoredSession

    Connection = ASGIConnection[Any, Any, Any, Any]

__all__ = ("refresh_session", "rotate_session_id", "save_session")


def rotate_session_id(connection: Connection) -> None:
    """Give the session a new ID, together with which it is saved; data and age stay.

    Call it whenever the visitor's rights change, above all on sign-in: an ID that somebody else may
    have planted or seen before is worth nothing from then on (OWASP's Session Management Cheat
    Sheet; ASVS 5.0, 7.2.4). ``connection.get_session_id()`` is the new one at once; storage and
    browser get it with the response. A session that is not stored yet has a new ID anyway.

    Raises:
        ResponseStartedError: The response has started, or the WebSocket is accepted, so that no
            cookie can be sent.
        SessionUnavailableError: The session could not be loaded.
        ConfigurationError: The connection has no session of this package.
    """
    _innermost(connection).rotate()


async def save_session(connection: Connection) -> StoredSession | None:
    """Save the session now; return what storage has then, such as its expiry.

    For WebSockets, whose sessions are otherwise saved when they close, and for whatever follows
    the start of a response. Changes that other requests have saved meanwhile are then in the
    dictionary too. ``None``: it is a new session and empty, or it was cleared, or another request
    has ended it; what was changed is then dropped, as a session that has ended stays so, and
    ``connection.session`` is empty.

    Raises:
        ResponseStartedError: It is a new session, and no cookie can be sent any more.
        SessionConflictError: Other requests have changed the session, and went before.
        SessionUnavailableError: The database did not answer.
        ConfigurationError: The connection has no session of this package.
    """
    session = _innermost(connection)
    try:
        return await session.save()
    except SessionError as error:
        raise without_frames(error)  # noqa: B904 - it is that error


async def refresh_session(connection: Connection) -> StoredSession | None:
    """Ask whether the session is still live; return what storage has of it, or ``None``.

    For WebSockets, streams and background tasks, whose visitors may sign out, or be signed out,
    elsewhere. What other requests have saved meanwhile is then in ``connection.session``, together
    with changes that were made here, which stay unsaved. One statement, which writes nothing: to
    ask is no sign of life, and renews no session.

    ``None``: the session has ended, or it has another ID, as after a sign-in elsewhere.
    ``connection.session`` is then empty, and no later save brings it back. ``None`` is also the
    answer for a session that was cleared here, and for one that is not saved yet, which stays as
    it is.

    Raises:
        SessionConflictError: It was changed here and elsewhere, with ``on_conflict="error"``.
        SessionUnavailableError: The database did not answer.
        ConfigurationError: The connection has no session of this package.
    """
    session = _innermost(connection)
    try:
        return await session.refresh()
    except SessionError as error:
        raise without_frames(error)  # noqa: B904 - it is that error


def _innermost(connection: Connection) -> AskedSession:
    sessions = sessions_of(connection.scope)
    if not sessions:
        raise ConfigurationError(
            "The connection has no session: add SessionPlugin to the application, or the config's "
            "middleware, and do not exclude the route from it.",
        )
    sessions[-1].shown.join(connection.scope)
    return sessions[-1]
