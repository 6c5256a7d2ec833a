"""How long a session lives, and who wins when two requests change it: decided without I/O."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.infos import SessionInfo
    from litestar_sessions._sql.records import StoredSession

__all__ = (
    "MERGES",
    "ROTATION_GRACE",
    "OnConflict",
    "SessionPolicy",
)

OnConflict: TypeAlias = Literal["merge", "overwrite", "error"]

MERGES = 20
"""How often changes are merged with those of other requests before that is given up."""

RENEWALS = 10
"""Into how many parts the idle timeout is divided; a session is renewed once in each."""

ROTATION_GRACE = 10.0
"""For how many seconds the requests that a page has sent with the ID of before are recognised."""


@dataclass(frozen=True)
class SessionPolicy:
    """The rules for every session of one backend."""

    idle_timeout: timedelta
    renewal_interval: timedelta | None
    """How much of the idle timeout has to pass before reading renews; ``None``: it never does."""
    absolute_timeout: timedelta | None = None
    on_conflict: OnConflict = "merge"
    persistent: bool = True
    """Whether the browser keeps the cookie when it is closed."""
    rotation_interval: timedelta | None = None
    """After how long a session that is used gets another ID."""
    rotation_grace: timedelta = timedelta(0)
    """How long a request with the ID of before is recognised."""
    max_data_size: int = sys.maxsize
    """How many bytes the data of a session may grow to."""
    large_data: int = sys.maxsize
    """How many bytes it may have before somebody is told."""

    def expiry(
        self,
        now: datetime,
        session: StoredSession | None = None,
        details: SessionDetails | None = None,
    ) -> datetime:
        """Return when a session expires that is saved now.

        Args:
            now: When that is.
            session: What storage has of it; ``None`` if it is new.
            details: What its row is to say; by default that stays as it is.
        """
        if details is None and session is not None:
            details = session.details
        idle = now + (self._idle_timeout(details) if details else self.idle_timeout)
        if self.absolute_timeout is None:
            return idle
        if session is None:
            return min(idle, now + self.absolute_timeout)
        # Without a time of creation nothing may be prolonged.
        return min(idle, self._end(session) or session.expires_at)

    def renewed(
        self, now: datetime, session: StoredSession, *, may_tell: bool = True
    ) -> datetime | None:
        """Return the new expiry of a session that was only read; ``None`` if none is due.

        Args:
            now: When that was.
            session: What storage has of it.
            may_tell: Whether the browser can be told. If not, the expiry is earlier by an
                interval or so: the next response is then due to renew the session, and tells.
        """
        if self.renewal_interval is None:
            return None
        interval, idle = self.renewal_interval, self._idle_timeout(session.details)
        if session.details and session.details.get("lifetime"):  # which may be shorter than that
            interval = min(interval, idle / RENEWALS)
        if not may_tell:
            less = max(interval, idle / RENEWALS)
            now, interval = now - less, min(interval, (idle - less) / 2)
        expires_at = self.expiry(now, session)
        if self.absolute_timeout is not None and expires_at == self._end(session):
            interval = timedelta(0)  # there is no later one that could be due
        return expires_at if expires_at - session.expires_at > interval else None

    def changed(
        self,
        now: datetime,
        session: StoredSession,
        details: SessionDetails | None,
        *,
        may_stay: bool,
        may_tell: bool,
    ) -> datetime | None:
        """Return the new expiry of a session that is changed; ``None`` if none is due.

        Where reading renews nothing, each change does: it is what a lifetime is counted from.
        """
        if may_stay and self.renewal_interval is not None:
            return self.renewed(now, session, may_tell=may_tell)
        return self.expiry(now, session, details)

    def rotation_is_due(self, now: datetime, session: StoredSession) -> bool:
        """Tell whether a session has had its ID for so long that it gets another one."""
        if self.rotation_interval is None:
            return False
        has_it_since = (session.details or {}).get("rotated_at") or session.created_at
        return has_it_since is None or now - has_it_since >= self.rotation_interval

    def keeps_cookie(self, details: SessionDetails | None) -> bool:
        """Tell whether the browser keeps the cookie of a session when it is closed."""
        own = details.get("persistent") if details else None
        return self.persistent if own is None else own

    def _idle_timeout(self, details: SessionDetails | None) -> timedelta:
        own = details.get("lifetime") if details else None
        return self.idle_timeout if own is None else timedelta(seconds=own)

    def is_over(self, now: datetime, session: StoredSession | SessionInfo) -> bool:
        """Tell whether the absolute timeout has passed, whatever the row says."""
        end = self._end(session)
        return end is not None and end <= now

    def not_over(self, now: datetime, sessions: list[SessionInfo]) -> list[SessionInfo]:
        """Return those for which the absolute timeout has not passed."""
        return [session for session in sessions if not self.is_over(now, session)]

    def _end(self, session: StoredSession | SessionInfo) -> datetime | None:
        if self.absolute_timeout is None or session.created_at is None:
            return None
        return session.created_at + self.absolute_timeout
