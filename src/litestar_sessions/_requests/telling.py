"""What listeners are told of the session of a connection, once it is in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.errors import SessionConflictError
from litestar_sessions._requests.known import KnownSession
from litestar_sessions._requests.sizes import too_large

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar_sessions._requests.session_events import SessionEventKind, SessionEventReason
    from litestar_sessions._sql.records import StoredSession
    from litestar_sessions.exceptions import SessionTooLargeError

__all__ = ("TellingSession",)


class TellingSession(KnownSession):
    """A session of which listeners are told; where there are none, nothing here is called."""

    __slots__ = ()

    def _tell(
        self, kind: SessionEventKind, stored: StoredSession | None = None, **more: Any
    ) -> None:
        if self.settings.listeners is not None:
            self.settings.listeners.tell(kind, stored, **more)

    def _tell_ended(
        self, sessions: Mapping[str, StoredSession | None], reason: SessionEventReason
    ) -> None:
        for stored in filter(None, sessions.values()):
            self._tell("ended", stored, reason=reason)

    def _conflict(self) -> SessionConflictError:
        """Return what is raised when other requests went before, once that was told."""
        self._tell("conflict", self.stored)
        return SessionConflictError()

    def _too_large(self, data: bytes, most: int) -> SessionTooLargeError:
        """Return what is raised of data that is more than a session may have, once told."""
        self._tell("too_large", self.stored)
        return too_large(self.codec, data, most, self._scope)
