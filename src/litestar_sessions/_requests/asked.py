"""What a handler asks of the session of its connection, beyond the dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar.types import Empty

from litestar_sessions._requests.errors import SessionUnavailableError, too_late
from litestar_sessions._requests.frames import without_frames
from litestar_sessions._requests.lifetimes import lifetime_of
from litestar_sessions._requests.request_session import RequestSession
from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import SessionTable

if TYPE_CHECKING:
    from litestar_sessions._sql.records import StoredSession

__all__ = ("AskedSession",)


class AskedSession(RequestSession):
    """The session of one connection; `litestar_sessions.connection` says what each may ask."""

    __slots__ = ()

    def rotate(self) -> None:
        """Have the session get a new ID when it is saved.

        Raises:
            ResponseStartedError: No cookie can be sent any more.
            SessionUnavailableError: The session could not be loaded.
        """
        if self._has_started:
            raise too_late("The session ID cannot be rotated", "rotate it before")
        self.check_loaded()
        if not self.shown.is_cleared:  # what was cleared gets one anyway
            self.tracked.rotate()
            self.tell_id()

    def live_for(self, seconds: float | None, *, persistent: bool | None) -> None:
        """Have the session get a lifetime of its own when it is saved.

        Raises:
            ResponseStartedError: No cookie can be sent any more.
            SessionUnavailableError: The session could not be loaded.
            ConfigurationError: The model has no columns for that.
            TypeError: The seconds are no number.
            ValueError: No session can live for that long.
        """
        if self._has_started:
            raise too_late("The lifetime of a session cannot be changed", "change it before")
        settings = self.tracked.settings
        if not settings.has_lifetimes:
            names = "lifetime", "persistent"
            require_extras(SessionTable(settings.model), "set_session_lifetime", *names)
        is_next = self.shown.look() is Empty or self.shown.is_cleared
        if self._error is not None and not is_next:
            raise self._error
        whole = None if seconds is None else lifetime_of(seconds, settings.clock())
        self.tracked.live_for(whole, persistent=persistent, is_next=is_next)

    async def save(self) -> StoredSession | None:
        """Settle now; return what storage has then. The errors are those of `settle`."""
        self.check_loaded()
        try:
            await self.settle(asks=True)
        except SessionUnavailableError as error:
            raise self._with_doubt(without_frames(error))  # noqa: B904 - it is that error
        return self.tracked.stored

    def check_loaded(self) -> None:
        """Raise if the session could not be loaded, for somebody who needs it."""
        self._is_involved = True  # whoever asks may let the response depend on it
        if self._error is not None and not self.shown.is_cleared:
            raise self._error

    async def refresh(self) -> StoredSession | None:
        """Have what others have made of the session; return what storage has then.

        The errors are those of `save`, except that no cookie is ever needed.
        """
        self.check_loaded()
        if self.shown.look() is Empty or self.shown.is_cleared:
            return None
        known = self.tracked.stored
        found = await self.tracked.refresh(self.shown.look)
        if known is not None and found is None and not self.shown.is_cleared:
            self.shown.empty()
        return found
