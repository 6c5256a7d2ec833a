"""The session of a visitor who has none, which tells whether the response may depend on that."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from litestar.connection import ASGIConnection

from litestar_sessions._requests.unavailable import UnavailableSession

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("StrangersSession", "follow_looks", "is_empty")

_FOLLOWED = "_litestar_sessions_follow"

_LOOKS = (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__iter__", "__len__", "__ne__"),
    *("__or__", "__repr__", "__reversed__", "__ror__", "copy", "get", "items", "keys", "pop"),
    *("popitem", "setdefault", "values"),
)
"""The methods of a dictionary whose results depend on what is in it."""


class StrangersSession(dict[str, Any]):
    """A session that begins empty, and notes if somebody looks into it; to write is no look.

    Serializers that are written in C take a dictionary as it is, and are not noticed; so whoever
    takes the session from a connection has looked too (`follow_looks`).
    """

    was_looked_at = False

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """Have copies and pickles be dictionaries of no special kind."""
        return dict, (dict(self),)


def follow_looks() -> None:
    """Have ``connection.session`` of every connection count as a look, or as a use.

    Handlers return the session, alone or in something else, and Litestar serializes it. One that
    could not be loaded raises here: a serializer would call it a type that it does not know, and a
    template would show it.
    """
    original: Any = ASGIConnection.session.fget  # type: ignore[attr-defined]  # it is a property
    if hasattr(original, _FOLLOWED):
        return

    @wraps(original)
    def session(connection: ASGIConnection[Any, Any, Any, Any]) -> Any:
        session = connection.scope.get("session")
        if session is None:
            return original(connection)
        if type(session) is StrangersSession:
            session.was_looked_at = True
        elif type(session) is UnavailableSession:
            session.refuse()
        return session

    setattr(session, _FOLLOWED, True)
    ASGIConnection.session = property(session)  # type: ignore[method-assign,assignment]  # as above


def is_empty(session: Any) -> bool:
    """Tell whether a session is an empty dictionary, without a look that would be noted."""
    return not dict.__len__(session) if isinstance(session, dict) else bool(session == {})


def _noting(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def look(session: StrangersSession, *args: Any, **kwargs: Any) -> Any:
        session.was_looked_at = True
        return method(session, *args, **kwargs)

    return look


for _name in _LOOKS:
    setattr(StrangersSession, _name, _noting(getattr(dict, _name)))
