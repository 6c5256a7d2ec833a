"""What a handler can ask for beyond ``request.session``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from litestar_sessions._requests.copies import sessions_of
from litestar_sessions._requests.devices import Devices
from litestar_sessions._requests.errors import as_litestar_does
from litestar_sessions._requests.frames import without_frames
from litestar_sessions.exceptions import ConfigurationError, SessionError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from litestar.connection import ASGIConnection

    from litestar_sessions._requests.asked import AskedSession
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.records import StoredSession

    Connection = ASGIConnection[Any, Any, Any, Any]

T = TypeVar("T")

__all__ = (
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "list_sessions",
    "refresh_session",
    "rotate_session_id",
    "save_session",
    "set_session_lifetime",
    "signed_in_within",
)


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


def set_session_lifetime(
    connection: Connection,
    seconds: float | None,
    persistent: bool | None = None,  # noqa: FBT001 - as it reads on sign-in
) -> None:
    """Have the session live for that long without a request, from now on and whoever renews it.

    "Keep me signed in" for 30 days is ``set_session_lifetime(request, 30 * 86_400)`` on sign-in. It
    is kept in the row, together with which it is saved, and stays when the ID is rotated or other
    requests change the session. It cannot go beyond ``absolute_timeout``. Of two requests that set
    it at once the later one wins, and one that does not set it never sets it back.

    Args:
        connection: Whose session it is. After ``clear_session()``, that of the one that follows.
        seconds: The idle timeout in whole seconds; ``None`` for ``max_age`` of the config.
        persistent: Whether the browser keeps the cookie when it is closed; ``None`` for what the
            config says.

    Raises:
        ResponseStartedError: The response has started, or the WebSocket is accepted, so that no
            cookie can be sent.
        SessionUnavailableError: The session could not be loaded.
        ConfigurationError: The model lacks the columns, or the connection has no session of this
            package.
        TypeError: The seconds are no number.
        ValueError: No session can live for that long.
    """
    _innermost(connection).live_for(seconds, persistent=persistent)


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
    return await _telling(_innermost(connection).save())


async def list_sessions(connection: Connection, limit: int = 100) -> list[SessionInfo]:
    """Return the live sessions of the owner of this one, those first that were signed in last.

    What this request has not saved yet is not among them. For a visitor who is nobody there are
    none.

    Raises:
        SessionUnavailableError: The database did not answer; so do the other functions here.
        ConfigurationError: The config has no ``owner``, or the connection no session; so do these.
    """
    return await _telling(_devices(connection).list(limit))


async def end_session(connection: Connection, id: Any) -> bool:  # noqa: A002 - as in `SessionInfo`
    """End a session of the owner of this one; return whether there was one to end.

    It is ended at once, and no request that has loaded it brings it back. ``False``: there is no
    such session (any more), or it is somebody else's, or the visitor is nobody. If it is this one,
    its cookie is cleared.

    Args:
        connection: Whose owner.
        id: The ``id`` of a `SessionInfo`, or that as a string.
    """
    return await _telling(_devices(connection).end(id))


async def end_other_sessions(connection: Connection) -> int:
    """End every session of the owner of this one but this one; return how many there were.

    Call it when a password is changed. For a visitor who is nobody it does nothing.
    """
    return await _telling(_devices(connection).end_others())


async def end_all_sessions(connection: Connection) -> int:
    """End every session of the owner of this one, this one too; return how many there were.

    ``connection.session`` is empty then, and the cookie is cleared if one can be sent. For a
    visitor who is nobody it does nothing.
    """
    return await _telling(_devices(connection).end_all())


def signed_in_within(connection: Connection, seconds: float) -> bool:
    """Tell whether the owner of the session has signed in so recently, for a sensitive step.

    ``True`` also while somebody is being signed in. ``False``: that was longer ago, or before
    the config had an ``owner``, or the visitor is nobody (ASVS 5.0, 7.5).
    """
    return _devices(connection).signed_in_within(seconds)


def _devices(connection: Connection) -> Devices:
    with as_litestar_does():
        return Devices(_innermost(connection))


async def _telling(answer: Awaitable[T]) -> T:
    """Return an answer; what is raised instead shows no variables of frames."""
    try:
        return await answer
    except SessionError as error:
        raise without_frames(error)  # noqa: B904 - it is that error


async def refresh_session(connection: Connection) -> StoredSession | None:
    """Ask whether the session is still live; return what storage has of it, or ``None``.

    For WebSockets, streams and background tasks, whose visitors may sign out, or be signed out,
    elsewhere. What other requests have saved meanwhile is then in ``connection.session``, together
    with changes that were made here, which stay unsaved. One statement, which writes nothing: to
    ask is no sign of life, and renews no session.

    ``None``: the session has ended, or it has another ID since its rights have changed, as after a
    sign-in elsewhere. One that was rotated by time is still the same.
    ``connection.session`` is then empty, and no later save brings it back. ``None`` is also the
    answer for a session that was cleared here, and for one that is not saved yet, which stays as
    it is.

    Raises:
        SessionConflictError: It was changed here and elsewhere, with ``on_conflict="error"``.
        SessionUnavailableError: The database did not answer.
        ConfigurationError: The connection has no session of this package.
    """
    return await _telling(_innermost(connection).refresh())


def _innermost(connection: Connection) -> AskedSession:
    sessions = sessions_of(connection.scope)
    if not sessions:
        raise ConfigurationError(
            "The connection has no session: add SessionPlugin to the application, or the config's "
            "middleware, and do not exclude the route from it.",
        )
    sessions[-1].shown.join(connection.scope)
    return sessions[-1]
