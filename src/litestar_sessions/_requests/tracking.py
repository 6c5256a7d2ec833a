"""One session from loading to saving: what storage had, and what brings it up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.candidates import choose, delete_each, find
from litestar_sessions._requests.codec import encode
from litestar_sessions._requests.errors import too_late
from litestar_sessions._requests.following import FollowedSession
from litestar_sessions._requests.policy import MERGES
from litestar_sessions._requests.renewals import RenewedSession
from litestar_sessions._requests.signing import signs_in, with_details
from litestar_sessions._requests.sizes import is_growth
from litestar_sessions._requests.strangers import is_empty
from litestar_sessions._sql.records import StoredSession
from litestar_sessions.exceptions import SessionDamagedError, SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar_sessions._requests.session_events import SessionEventKind
    from litestar_sessions._sql.details import SessionDetails

__all__ = ("TrackedSession",)

_NO_COOKIE = "A new session cannot be saved", "save it before"


class TrackedSession(FollowedSession, RenewedSession):
    """A session that storage is asked for, and that it is brought up to date with."""

    __slots__ = ()

    async def load(self, session_ids: Sequence[str]) -> dict[str, Any] | None:
        """Return the session with the first of these IDs that is one; ``None`` if none is.

        Raises:
            SessionUnavailableError: The database did not answer.
        """
        self._others = dict.fromkeys(session_ids)
        self._others = await find(self.storage, session_ids, self.settings.listeners)
        choice = choose(self._others, self.codec, self.settings, self._now)
        if choice is None:
            return await self._load_former(session_ids)
        self._session_id, session = choice
        self.stored = self._others.pop(self._session_id)
        return session

    async def end(self) -> None:
        """Delete the session, and what the visitor's other cookies name: it would take its place.

        What is saved later is another one.
        """
        if self.stored is not None:
            self._others = {self.session_id: self.stored, **self._others}
        await delete_each(self.storage, self._others)
        if self.settings.listeners is not None:
            self._tell_ended(self._others, "signed_out")
        self._others = {}
        self._forget()
        self.has_news = not self._is_late

    async def withdraw(self) -> None:
        """Delete the session, and leave what the visitor's other cookies name."""
        if self.stored is not None:
            sessions = {self.session_id: self.stored}
            await delete_each(self.storage, sessions)
            if self.settings.listeners is not None:
                self._tell_ended(sessions, "withdrawn")
            self._forget()

    async def save(self, session: Any, *, may_tell: bool = True, asks: bool = False) -> None:
        """Let storage have the session, unless it has it already or it is a new one and empty.

        A session that another request has ended stays ended.

        Args:
            session: What the application has made of it.
            may_tell: Whether a cookie can still be sent.
            asks: Whether to ask what others have made of a session that was not changed here.

        Raises:
            SessionConflictError: Other requests have changed the session, and went before.
            ResponseStartedError: It is a new one, or has a new ID, and no cookie can be sent.
            SessionUnavailableError: The database did not answer.
        """
        if self.is_lost or (self.stored is None and is_empty(session)):
            return
        self._may_tell = may_tell
        data = encode(self.codec, session, self._scope)
        if self._is_late and self._drop_if_late(self.owner_of(None, data)):
            return
        if not may_tell and (self.stored is None or self._new_id is not None):
            raise too_late(*_NO_COOKIE)
        try:
            await self._save(session, data, asks=asks)
        except SessionDamagedError as error:  # by another request
            self._begin_anew(self.session_id, error)
            if not may_tell:
                raise too_late(*_NO_COOKIE) from error
            await self._create(data)

    async def _save(self, session: Any, data: bytes, *, asks: bool) -> None:
        if self.stored is None:
            await self._create(data)
        elif (
            self._new_id is not None
            or self._is_changed(data, self.stored)
            or (self._lifetime and self._is_to_live_otherwise(self.stored))
        ):
            self._rotate_if_due(self.stored)
            await self._update(session, data, self.stored)
        else:
            if asks:
                current = await self._look_again(self.stored)
                if current is not None:
                    self._follow(session, self.stored, current)
            if self.stored is not None:
                await self._renew(session, self.stored)

    async def _create(self, data: bytes) -> None:
        if len(data) > (most := self.settings.policy.max_data_size):
            raise self._too_large(data, most)
        details = self._with_lifetime(self._details(data))
        expires_at = self.settings.policy.expiry(self._now, details=details)
        try:
            stored = await self.storage.create(self.session_id, data, expires_at, details=details)
        except SessionExistsError:
            # Nobody else knows the ID: the row was written before its connection was lost.
            stored = StoredSession(data, expires_at, details=details)
        self._adopt(stored, "created")
        if signs_in(details):
            await self._end_oldest()

    async def _update(self, session: Any, data: bytes, base: StoredSession) -> None:
        theirs, most = base, self.settings.policy.max_data_size
        for _ in range(MERGES):
            details = self._details(data, theirs)
            if details and "signed_in_at" in details and not await self._get_another_id(details):
                return
            fits = len(data) <= most or not is_growth(self.codec, data, theirs.data)
            if fits and await self._replace(data, theirs, details):
                if theirs.data != base.data:
                    self._show_merged(session, data)
                return
            current = await self._look_again(base)
            if current is None:
                return
            if current.data == theirs.data and not fits:
                raise self._too_large(data, most)
            if self.settings.policy.on_conflict == "error" and current.data != theirs.data:
                break
            theirs, data = current, self._on_top_of(session, data, base.data, current.data)
        raise self._conflict()

    async def _get_another_id(self, details: SessionDetails) -> bool:
        """Rotate a session that gets another owner; where no browser can be told, end nobody's.

        Returns:
            Whether there is still something to save.

        Raises:
            ResponseStartedError: It is to be somebody else's, and no browser can be told.
        """
        if self._may_tell:
            self.rotate_for_rights()
            return True
        if details["owner"] is not None:
            raise too_late("A session cannot get another owner", "sign in before")
        await self.end()
        self.is_lost = True
        return False

    async def _replace(
        self, data: bytes, theirs: StoredSession, details: SessionDetails | None
    ) -> bool:
        """Write the data if storage still has theirs."""
        details = self._with_former_id(self._with_lifetime(details, theirs))
        known = with_details(theirs, details)
        expires_at = self._next_expiry(theirs, known)
        is_done = await self.storage.update(
            self._row_id,
            data,
            expires_at,
            expected=self._expected(theirs),
            new_id=self._new_id,
            details=details,
        )
        if is_done:
            expiry = expires_at or theirs.expires_at
            stored = replace(theirs, data=data, expires_at=expiry, details=known)
            kind: SessionEventKind | None = None if data == theirs.data else "changed"
            self._adopt(stored, kind, is_news=expires_at is not None)
            self._take_new_id()
            if signs_in(details):
                await self._end_oldest()
        return is_done
