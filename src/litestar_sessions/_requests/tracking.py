"""One session from loading to saving: what storage had, and what brings it up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.codec import decode, encode, encode_merged
from litestar_sessions._requests.errors import UNANSWERED, SessionConflictError
from litestar_sessions._requests.events import warn
from litestar_sessions._sql.records import StoredSession
from litestar_sessions.exceptions import ResponseStartedError, SessionExistsError

if TYPE_CHECKING:
    from datetime import datetime

    from litestar.types import Scope

    from litestar_sessions._requests.codec import SessionCodec
    from litestar_sessions._requests.settings import SessionSettings
    from litestar_sessions._requests.storage import SessionStorage

__all__ = ("TrackedSession",)

MERGES = 20
"""How often changes are merged with those of other requests before that is given up."""


class TrackedSession:
    """A session that storage has, or one that it does not have yet."""

    __slots__ = (
        "_codec",
        "_is_lost",
        "_new_id",
        "_scope",
        "_settings",
        "_storage",
        "has_news",
        "session_id",
        "stored",
    )

    def __init__(
        self, codec: SessionCodec, settings: SessionSettings, storage: SessionStorage, scope: Scope
    ) -> None:
        self.has_news = False
        """Whether the ID or the expiry is another than the browser knows."""
        self._codec = codec
        self._settings = settings
        self._storage = storage
        self._scope = scope
        self._forget()

    def _forget(self) -> None:
        self.session_id = self._codec.generate_session_id()
        """The ID; nobody else knows that of a session that is not stored."""
        self.stored: StoredSession | None = None
        """What storage had when it was last asked."""
        self._new_id: str | None = None
        self._is_lost = False

    @property
    def seconds_left(self) -> float:
        """How long the session lives if nothing happens."""
        return 0 if self.stored is None else (self.stored.expires_at - self._now).total_seconds()

    @property
    def _now(self) -> datetime:
        return self._settings.clock()

    async def load(self, session_id: str) -> dict[str, Any]:
        """Return the session with this ID; an empty one, with an ID of its own, if there is none.

        Raises:
            SessionUnavailableError: The database did not answer.
        """
        stored = await self._storage.load(session_id)
        if stored is None or self._settings.policy.is_over(self._now, stored):
            return {}
        try:
            session = decode(self._codec, stored.data)
        except Exception as error:  # noqa: BLE001 - the application may decode as it likes
            warn("undecodable", "The data of a session cannot be decoded; a new one begins", error)
            return {}
        self.stored = stored
        self.session_id = session_id
        return session

    @property
    def next_id(self) -> str:
        """The ID that the session will have once it is saved."""
        return self._new_id or self.session_id

    def rotate(self) -> None:
        """Have the session get another ID when it is saved; a new one has an ID of its own."""
        if self.stored is not None:
            self._new_id = self._codec.generate_session_id()

    async def end(self) -> None:
        """Delete the session, whatever its ID is by now; what is saved later is another one."""
        if self.stored is not None and self.stored.id is not None:
            await self._storage.discard(self.stored, self.session_id)
        elif self.stored is not None:
            await self._storage.delete(self.session_id)
        self._forget()
        self.has_news = True

    async def save(self, session: Any, *, may_create: bool = True) -> None:
        """Let storage have the session, unless it has it already or it is a new one and empty.

        A session that another request has ended stays ended.

        Raises:
            SessionConflictError: Other requests have changed the session, and went before.
            ResponseStartedError: It is a new one, and no cookie could be sent.
            SessionUnavailableError: The database did not answer.
        """
        if self._is_lost or (self.stored is None and session == {}):
            return
        data = encode(self._codec, session, self._scope)
        if self.stored is None:
            await self._create(data, may_create=may_create)
        elif data != self.stored.data or self._new_id is not None:
            await self._update(session, data, self.stored)
        else:
            await self._renew(self.stored)

    async def _create(self, data: bytes, *, may_create: bool) -> None:
        if not may_create:
            raise ResponseStartedError(
                "A new session cannot be saved once the response has started or the WebSocket is "
                "accepted, because no cookie can be sent: save it before.",
            )
        expires_at = self._settings.policy.expiry(self._now)
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
                    session.update(decode(self._codec, data))
                return
            current = await self._storage.reload(base, self.session_id)
            if current is None or current.key not in self._settings.keys.all(self.session_id):
                self._lose(is_rotated=current is not None)
                return
            if self._settings.policy.on_conflict == "error":
                break
            theirs = current
            data = encode_merged(self._codec, session, self._scope, base.data, theirs.data)
        raise SessionConflictError

    async def _replace(self, data: bytes, theirs: StoredSession) -> bool:
        """Write the data if storage still has theirs."""
        policy = self._settings.policy
        expires_at = policy.expiry(self._now, theirs)
        is_done = await self._storage.update(
            self.session_id,
            data,
            expires_at,
            expected=None if policy.on_conflict == "overwrite" else theirs.data,
            new_id=self._new_id,
        )
        if is_done:
            self.session_id = self.next_id
            self._new_id = None
            self._adopt(replace(theirs, data=data, expires_at=expires_at))
        return is_done

    async def _renew(self, stored: StoredSession) -> None:
        expires_at = self._settings.policy.renewed(self._now, stored)
        if expires_at is None:
            return
        try:
            if await self._storage.touch(self.session_id, expires_at):
                self._adopt(replace(stored, expires_at=expires_at))
        except UNANSWERED as error:
            # The session was read, which is all that the request needed.
            warn("not_renewed", "A session was not renewed: the database did not answer", error)

    def _adopt(self, stored: StoredSession) -> None:
        self.stored = stored
        self.has_news = True

    def _lose(self, *, is_rotated: bool) -> None:
        """Drop the changes: the session has ended, or has another ID, which its visitor knows."""
        event, fate = ("rotated", "got another ID") if is_rotated else ("gone", "was ended")
        warn(event, f"Changes were dropped: the session {fate} meanwhile")
        self._forget()
        self._is_lost = True
        # The browser has, or is about to get, the new ID: its cookie must stay.
        self.has_news = not is_rotated
