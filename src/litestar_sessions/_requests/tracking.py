"""One session from loading to saving: what storage had, and what brings it up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.candidates import choose, delete_each, find
from litestar_sessions._requests.codec import decode, encode, encode_merged
from litestar_sessions._requests.errors import UNANSWERED, SessionConflictError, too_late
from litestar_sessions._requests.events import warn
from litestar_sessions._requests.following import FollowedSession
from litestar_sessions._requests.policy import MERGES
from litestar_sessions._requests.strangers import is_empty
from litestar_sessions._sql.records import StoredSession
from litestar_sessions.exceptions import (
    SessionDamagedError,
    SessionExistsError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("TrackedSession",)

_NO_COOKIE = "A new session cannot be saved", "save it before"


class TrackedSession(FollowedSession):
    """A session that storage is asked for, and that it is brought up to date with."""

    __slots__ = ()

    async def load(self, session_ids: Sequence[str]) -> dict[str, Any] | None:
        """Return the session with the first of these IDs that is one; ``None`` if none is.

        Raises:
            SessionUnavailableError: The database did not answer.
        """
        self._others = dict.fromkeys(session_ids)
        self._others = await find(self._storage, session_ids)
        choice = choose(self._others, self.codec, self.settings.policy, self._now)
        if choice is None:
            return None
        self._session_id, session = choice
        self.stored = self._others.pop(self._session_id)
        return session

    async def end(self) -> None:
        """Delete the session, and what the visitor's other cookies name: it would take its place.

        What is saved later is another one.
        """
        if self.stored is not None:
            self._others = {self.session_id: self.stored, **self._others}
        await delete_each(self._storage, self._others)
        self._others = {}
        self._forget()
        self.has_news = True

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
        data = encode(self.codec, session, self._scope)
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
        elif self._new_id is not None or self._is_changed(data, self.stored):
            await self._update(session, data, self.stored)
        else:
            if asks:
                current = await self._look_again(self.stored)
                if current is not None:
                    self._follow(session, self.stored, current)
            if self.stored is not None:
                await self._renew(self.stored)

    async def _create(self, data: bytes) -> None:
        expires_at = self.settings.policy.expiry(self._now)
        try:
            stored = await self._storage.create(self.session_id, data, expires_at)
        except SessionExistsError:
            # Nobody else knows the ID: the row was written before its connection was lost.
            stored = StoredSession(data, expires_at)
        self._adopt(stored)

    async def _update(self, session: Any, data: bytes, base: StoredSession) -> None:
        theirs = base
        for _ in range(MERGES):
            if await self._replace(data, theirs):
                if theirs is not base and isinstance(session, dict):
                    session.clear()
                    session.update(decode(self.codec, data))
                return
            current = await self._look_again(base)
            if current is None:
                return
            if self.settings.policy.on_conflict == "error":
                break
            theirs = current
            data = encode_merged(self.codec, session, self._scope, base.data, theirs.data)
        raise SessionConflictError

    async def _replace(self, data: bytes, theirs: StoredSession) -> bool:
        """Write the data if storage still has theirs."""
        policy = self.settings.policy
        expires_at = policy.expiry(self._now, theirs)
        is_done = await self._storage.update(
            self.session_id,
            data,
            expires_at,
            expected=None if policy.on_conflict == "overwrite" else theirs.data,
            new_id=self._new_id,
        )
        if is_done:
            self._take_new_id()
            self._adopt(replace(theirs, data=data, expires_at=expires_at))
        return is_done

    async def _renew(self, stored: StoredSession) -> None:
        expires_at = self.settings.policy.renewed(self._now, stored)
        if expires_at is None:
            return
        try:
            if await self._storage.touch(self.session_id, expires_at):
                self._adopt(replace(stored, expires_at=expires_at))
        except UNANSWERED as error:
            # The session was read, which is all that the request needed.
            warn("not_renewed", "A session was not renewed: the database did not answer", error)
