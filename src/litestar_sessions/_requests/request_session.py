"""The session of one connection, from its cookie to its response."""

from __future__ import annotations

from asyncio import CancelledError
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar.types import Empty

from litestar_sessions._requests.browser import Browser
from litestar_sessions._requests.candidates import session_ids_among
from litestar_sessions._requests.errors import UNANSWERED, SessionUnavailableError
from litestar_sessions._requests.frames import without_frames
from litestar_sessions._requests.shown import ShownSession
from litestar_sessions._requests.strangers import StrangersSession
from litestar_sessions._requests.unavailable import UnavailableSession

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from litestar.types import Scope

    from litestar_sessions._requests.cookies import SessionCookie
    from litestar_sessions._requests.tracking import TrackedSession

__all__ = ("RequestSession",)


class RequestSession:
    """Brings together what three know of a session: the application, storage and the browser.

    The dictionary itself is in ``scope["session"]``.
    """

    __slots__ = (
        "_browser",
        "_error",
        "_has_started",
        "_is_involved",
        "_stranger",
        "failure",
        "is_closed",
        "shown",
        "tracked",
    )

    def __init__(self, cookie: SessionCookie, tracked: TrackedSession, scope: Scope) -> None:
        self.tracked = tracked
        self._browser = Browser(cookie, scope)
        self._error: Exception | None = None
        self.failure: Exception | None = None
        """Why there is no response with this session."""
        self.is_closed = False
        """Whether the WebSocket is closed, so that nothing is saved any more."""
        self._stranger: StrangersSession | UnavailableSession | None = None
        self._has_started = self._is_involved = False
        self.shown: ShownSession = ShownSession(scope)
        """What the application sees of the session."""

    @property
    def session_id(self) -> str:
        """The ID of the session; a new one has its ID before the handler runs."""
        return self.tracked.session_id

    async def load(self) -> MutableMapping[str, Any]:
        """Return the session that the cookie names, or an empty one; it is put into the scope.

        Of several cookies it is the last one that names a session.
        What cannot be an ID is not looked up. A database that does not answer is an error only for
        a handler that uses the session.
        """
        sent = self._browser.values
        session_ids = sent and session_ids_among(sent, self.tracked.codec)
        try:
            session = await self.tracked.load(session_ids) if session_ids else None
        except UNANSWERED as error:
            self._error = without_frames(error)
            self._stranger = UnavailableSession(error)
            return self.shown.show(self._stranger)
        if session is None:
            session = self._stranger = StrangersSession()
        else:
            self._is_involved = True
            self.tracked.has_news = self._browser.has_news(self.tracked)
        return self.shown.show(session)

    async def settle(
        self, *, may_save: bool = True, may_tell: bool = True, asks: bool = False
    ) -> None:
        """Let storage have what the session of the connection is by now; what has ended is empty.

        Args:
            may_tell: Whether a cookie can be sent, if nothing has started yet.
            asks: Whether to ask what others have made of a session that was not changed here.
            may_save: Whether to save changes; a session that was cleared is deleted in any case.

        Raises:
            SessionUnavailableError: The database did not answer.
            SessionConflictError: Other requests have changed the session, and went before.
            ResponseStartedError: It is a new one, and no cookie can be sent any more.
        """
        session = self.shown.look()
        if isinstance(session, UnavailableSession) and not self.shown.is_cleared:
            return
        if session is Empty or self.shown.is_cleared:
            try:
                await self._end()
            except CancelledError:
                await self.tracked.settings.endings.finish(self._end)
                raise
        if self._error is not None:
            raise self._error
        if may_save and session is not Empty:
            may_tell = may_tell and not self._has_started
            await self.tracked.save(session, may_tell=may_tell, asks=asks)
            if self.tracked.is_lost:
                self.shown.empty()
            if self.tracked.stored is not None:
                self._is_involved = True
                self.tell_id()

    async def refuse(self) -> None:
        """Delete a session that nobody could find: there will be no response with its cookie."""
        if not self._has_started and self.tracked.session_id not in self._browser.values:
            await self.tracked.withdraw()

    async def finish_ending(self) -> None:
        """End the session, if it was cleared, for a connection that is cancelled."""
        if self.shown.look() is Empty or self.shown.is_cleared:
            await self.tracked.settings.endings.finish(self._end)

    async def _end(self) -> None:
        """End the session; where that fails the browser, at least, is to forget it."""
        try:
            # A database that did not answer before may do so by now.
            await self.tracked.end()
        except UNANSWERED as error:
            cause = error.__cause__ or without_frames(error)
            raise SessionUnavailableError(self._browser.forgetting) from cause
        self._error = None
        self.shown.is_cleared = False

    async def respond(self, message: Any) -> Any:
        """Settle; return the message that starts the response with what the browser has to know.

        A message that gets a header is a copy: whatever is inside may keep the original, as
        Litestar's response cache does. The response that tells of an error of this is left as it
        is; one with a status of 500 or more saves no changes. The errors are those of `settle`.
        """
        if self.failure is not None:
            return message
        may_save = message.get("status", HTTPStatus.OK) < HTTPStatus.INTERNAL_SERVER_ERROR
        try:
            await self.settle(may_save=may_save)
        except Exception as error:  # noqa: BLE001 - raised again
            self.failure = self._with_doubt(without_frames(error))
            raise self.failure  # noqa: B904 - it is that error
        self._has_started = True
        self._is_involved |= self._stranger is not None and self._stranger.was_looked_at
        if not self._is_involved and not self.tracked.has_news:
            return message
        return self._browser.told(message, self.tracked, is_involved=self._is_involved)

    def _with_doubt(self, error: Exception) -> Exception:
        """Return an error that has the browser know both IDs if nobody knows which is right."""
        if isinstance(error, SessionUnavailableError) and not self.shown.is_cleared:
            error.headers = {**(error.headers or {}), **self._browser.doubting(self.tracked)}
        return error

    def tell_id(self) -> None:
        """Have ``connection.get_session_id()`` return the ID, unless there is an inner session."""
        self.shown.tell_id(self.tracked.next_id)
