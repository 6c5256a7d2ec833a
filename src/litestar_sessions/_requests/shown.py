"""What the application sees of a session, and what it has made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from litestar.types import Empty
from litestar.utils.scope.state import ScopeState

if TYPE_CHECKING:
    from litestar.types import Scope

T = TypeVar("T")

__all__ = ("ShownSession",)


class ShownSession:
    """The session in the scope of a connection and in the copies of it that are known.

    Each of them has the same value, and so one that differs was put there by the application.
    """

    __slots__ = ("_is_covered", "_scopes", "_told", "_value", "is_cleared")

    def __init__(self, scope: Scope) -> None:
        self._scopes = [scope]
        self._value: Any = Empty
        self._is_covered = False
        self._told = ""
        self.is_cleared = False
        """Whether the application has cleared the session; there may be another one since then."""

    def show(self, session: T) -> T:
        """Know what the middleware puts into the scope; return it."""
        self._value = session
        return session

    def look(self) -> Any:
        """Return what is there by now; ``Empty`` if nothing is."""
        if not self._is_covered:
            for scope in self._scopes:
                session = scope.get("session", Empty)
                if session is not self._value:
                    self._replace(session)
                    break
        return self._value

    def change(self, scope: Scope) -> None:
        """Have what was put into a copy of the scope everywhere; it goes before what was there."""
        self._know(scope)
        self._replace(scope.get("session", Empty))

    def join(self, scope: Scope) -> None:
        """Have what is there by now in a copy of the scope too, whatever that had."""
        session = self.look()
        if self._know(scope):
            scope["session"] = session

    def empty(self) -> None:
        """Have nothing in the session, for whoever still holds it too."""
        if isinstance(self._value, dict):
            self._value.clear()
        else:
            self._replace({})

    def _know(self, scope: Scope) -> bool:
        is_new = all(known is not scope for known in self._scopes)
        if is_new:
            self._scopes.append(scope)
            self._told = ""
        return is_new

    def _replace(self, session: Any) -> None:
        self.is_cleared = self.is_cleared or session is Empty
        self._value = session
        if not self._is_covered:
            for scope in self._scopes:
                scope["session"] = session

    def cover(self) -> None:
        """Keep the session before that of an inner middleware takes its place in the scope."""
        self.look()
        self._is_covered = True

    def tell_id(self, session_id: str) -> None:
        """Have ``connection.get_session_id()`` return the ID, unless there is an inner session."""
        if session_id != self._told and not self._is_covered:
            self._told = session_id
            for scope in self._scopes:
                # There is no public way; Litestar's own middleware does the same.
                ScopeState.from_scope(scope).session_id = session_id
