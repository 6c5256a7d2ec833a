"""What is known of the session of a connection; nothing here asks the storage."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from litestar_sessions._requests.listeners import warn_of_damage
from litestar_sessions._requests.sizes import warn_of_size
from litestar_sessions._sql.details import expected_of

if TYPE_CHECKING:
    from datetime import datetime

    from litestar.types import Scope

    from litestar_sessions._requests.codec import SessionCodec
    from litestar_sessions._requests.session_events import SessionEventKind
    from litestar_sessions._requests.settings import SessionSettings
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.keys import StoredKey
    from litestar_sessions._sql.records import StoredSession
    from litestar_sessions.exceptions import SessionDamagedError

__all__ = ("KnownSession",)

_AS_IT_IS: SessionDetails = {}


class KnownSession:
    """A session that storage has, or one that it does not have yet."""

    __slots__ = (
        "_former_key",
        "_is_late",
        "_is_timed",
        "_lifetime",
        "_may_tell",
        "_new_id",
        "_next_lifetime",
        "_others",
        "_scope",
        "_session_id",
        "codec",
        "has_news",
        "is_lost",
        "settings",
        "storage",
        "stored",
    )

    def __init__(
        self, codec: SessionCodec, settings: SessionSettings, storage: SessionStorage, scope: Scope
    ) -> None:
        self._may_tell = True
        """Whether a cookie can still be sent."""
        self._is_late = False
        """Whether the ID was that of a session that has got another one since, and is not told."""
        self.has_news = False
        """Whether the ID or the expiry is another than the browser knows."""
        self.codec = codec
        self.settings = settings
        self.storage = storage
        self._scope = scope
        self._next_lifetime = _AS_IT_IS
        self._others: dict[str, StoredSession | None] = {}
        """What else the visitor's cookies name; ``None`` for what could not be loaded."""
        self._forget()

    def _forget(self) -> None:
        self._session_id: str | None = None
        self.stored: StoredSession | None = None
        """What storage had when it was last asked."""
        self._new_id: str | None = None
        self._is_timed = False
        """Whether the session gets another ID for no other reason than the time that has passed."""
        self._former_key: StoredKey | None = None
        """Where the row is, if the ID is one that it had before."""
        self._lifetime, self._next_lifetime = self._next_lifetime, _AS_IT_IS
        """The lifetime that the session gets when it is saved, if it is to have another one."""
        self.is_lost = False
        """Whether another request has ended the session, or given it another ID."""

    @property
    def session_id(self) -> str:
        """The ID; nobody else knows that of a session that is not stored."""
        if self._session_id is None:
            self._session_id = self.codec.generate_session_id()
        return self._session_id

    @property
    def _row_id(self) -> str:
        """The ID by which storage finds the session."""
        return self._former_key or self.session_id

    @property
    def cookie_age(self) -> int | None:
        """For how many seconds the browser is to keep the cookie; ``None``: until it is closed."""
        if self.stored is None or not self.settings.policy.keeps_cookie(self.stored.details):
            return None
        return ceil(self.stored.seconds_left(self._now))

    @property
    def _now(self) -> datetime:
        return self.settings.clock()

    @property
    def next_id(self) -> str:
        """The ID that the session will have once it is saved."""
        return self._new_id or self.session_id

    def live_for(self, seconds: int | None, *, persistent: bool | None, is_next: bool) -> None:
        """Have the session get a lifetime of its own when it is saved.

        Args:
            seconds: How long that is; ``None`` for that of the config.
            persistent: Whether the browser keeps the cookie; ``None`` for what the config says.
            is_next: Whether it is a session that begins when this one has ended.
        """
        lifetime: SessionDetails = {"lifetime": seconds, "persistent": persistent}
        if is_next:
            self._next_lifetime = lifetime
        else:
            self._lifetime = lifetime

    def _with_lifetime(
        self, details: SessionDetails | None, theirs: StoredSession | None = None
    ) -> SessionDetails | None:
        """Return what is written, and that nothing is if the lifetime is another one by now.

        So whoever changes it and whoever reckons with it see each other: the expiry and the cookie
        are always those of the lifetime that the row says.
        """
        if not self.settings.has_lifetimes:
            return details
        if theirs is None:
            return {**(details or {}), **self._lifetime}
        return {**(details or {}), **self._lifetime, **expected_of(theirs.details)}

    def _is_to_live_otherwise(self, stored: StoredSession) -> bool:
        known = stored.details or {}
        return any(known.get(name) != value for name, value in self._lifetime.items())

    def _adopt(
        self, stored: StoredSession, kind: SessionEventKind | None = None, *, is_news: bool = True
    ) -> None:
        """Have what storage has now, and tell listeners what kind of event made it so."""
        if len(stored.data) > (large := self.settings.policy.large_data):
            warn_of_size(stored.data, self.stored.data if self.stored else b"", large)
        self.stored = stored
        if kind is not None and self.settings.listeners is not None:
            self.settings.listeners.tell(kind, stored)
        self._lifetime = _AS_IT_IS
        # Who has an ID of before does not know the present one, which the browser gets, or has.
        self.has_news = self.has_news or (is_news and self._former_key is None)

    def _begin_anew(self, session_id: str, error: SessionDamagedError) -> None:
        """Have a new session in place of one that cannot be decoded, whose row is left alone."""
        warn_of_damage(error, self.settings.listeners, self.stored)
        self._forget()
        self._others[session_id] = None
