"""What the application sees of a session, and what it has made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.types import Empty
from litestar.utils.scope.state import ScopeState

if TYPE_CHECKING:
    from litestar.types import Scope

__all__ = ("ShownSession",)


class ShownSession:
    """The session in the scope of a connection, and its ID in what Litestar keeps there."""

    __slots__ = ("_covered", "_scope", "_state")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._state = ScopeState.from_scope(scope)
        self._covered: tuple[Any, bool] | None = None

    def look(self) -> tuple[Any, bool]:
        """Return what is there, and whether the application has cleared what was there.

        ``Empty`` if nothing is; what was cleared may have something else in its place.
        """
        if self._covered is not None:
            return self._covered
        session = self._scope.get("session", Empty)
        return session, session is Empty or self.has_no_id

    @property
    def has_no_id(self) -> bool:
        """Whether the application has cleared the session."""
        session_id = self._state.session_id
        return session_id is None or session_id is Empty

    def cover(self) -> None:
        """Keep the session before that of an inner middleware takes its place in the scope."""
        self._covered = self.look()

    def tell_id(self, session_id: str) -> None:
        """Have ``connection.get_session_id()`` return the ID, unless there is an inner session."""
        if self._covered is None:
            # There is no public way; Litestar's own middleware does the same.
            self._state.session_id = session_id
