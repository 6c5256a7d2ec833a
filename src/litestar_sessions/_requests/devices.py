"""The sessions of a visitor who is signed in: listed, and ended one by one or together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from litestar.types import Empty

from litestar_sessions._requests.strangers import is_empty
from litestar_sessions._sql.table import SessionTable
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from litestar_sessions._requests.asked import AskedSession
    from litestar_sessions._sql.infos import SessionInfo

__all__ = ("Devices",)


class Devices:
    """The sessions of the owner that a connection's session has by now.

    Raises:
        ConfigurationError: Sessions have no owners.
        SessionUnavailableError: The session could not be loaded.
    """

    def __init__(self, session: AskedSession) -> None:
        self._session = session
        self._tracked = session.tracked
        if self._tracked.settings.owners is None:
            raise ConfigurationError(
                "Nobody owns these sessions: set owner='user_id', say, in the config, to the key "
                "of the session that tells whose it is.",
            )
        session.check_loaded()
        self.owner = self._find_owner()
        """``None`` if the visitor is nobody."""

    def _find_owner(self) -> str | None:
        data = self._session.shown.look()
        if data is Empty or self._tracked.is_lost or is_empty(data):
            return None
        return self._tracked.owner_of(data)

    def signed_in_within(self, seconds: float) -> bool:
        """Tell whether the owner has signed in so few seconds ago."""
        if self.owner is None:
            return False
        stored = None if self._session.shown.is_cleared else self._tracked.stored
        if stored is None or self.owner != self._tracked.owner_of(None, stored.data):
            return True  # with this request
        when = (stored.details or {}).get("signed_in_at")
        now = self._tracked.settings.clock()
        return when is not None and now - when <= timedelta(seconds=seconds)

    async def list(self, limit: int) -> list[SessionInfo]:
        """Return the sessions, those first that were signed in last."""
        if self.owner is None:
            return []
        settings = self._tracked.settings
        infos = await self._tracked.storage.list_owned(self.owner, limit=limit)
        current = self._tracked.stored and self._tracked.stored.id
        return [
            replace(info, is_current=info.id == current)
            for info in settings.policy.not_over(settings.clock(), infos)
        ]

    async def end(self, session_id: Any) -> bool:
        """End the session that has the primary key; return whether there was one."""
        key = _as_key(session_id, self._tracked.settings.model)
        if self.owner is None or key is None:
            return False
        is_ended = await self._end(only=key) > 0
        stored = self._tracked.stored
        if is_ended and stored is not None and stored.id == key:
            await self._leave(is_gone=True)
        return is_ended

    async def end_others(self) -> int:
        """End all but this one; return how many there were."""
        if self.owner is None:
            return 0
        return await self._end(but=await self._own_key())

    async def end_all(self) -> int:
        """End all, this one too; return how many there were."""
        if self.owner is None:
            return 0
        was_stored = self._tracked.stored is not None
        is_gone = self.owner == self._tracked.row_owner
        count = await self._end()
        await self._leave(is_gone=is_gone)
        return count + (was_stored and not is_gone)

    async def _end(self, *, only: Any = None, but: Any = None) -> int:
        owner, listeners = self.owner or "", self._tracked.settings.listeners
        count = await self._tracked.storage.end_owned(owner, only=only, but=but)
        if count and listeners is not None:
            listeners.tell("ended", id=only, owner=owner, reason="owner", count=count)
        return count

    async def _own_key(self) -> Any:
        stored = self._tracked.stored
        if stored is not None and stored.id is None:  # its INSERT was answered the second time
            stored = await self._tracked.storage.load(self._tracked.session_id)
        return stored and stored.id

    async def _leave(self, *, is_gone: bool) -> None:
        """Know that the session of the connection has ended, and end it if it has not."""
        if is_gone:
            self._tracked.stored = None
        await self._tracked.end()
        self._session.shown.empty()


def _as_key(value: Any, model: type[Any]) -> Any:
    """Return a primary key, also one that went through a page; ``None`` if it is none."""
    kind = SessionTable(model).id.type.python_type
    if isinstance(value, kind):
        return value
    try:
        return kind(value) if isinstance(value, str) else None
    except ValueError:
        return None
