"""How long a session lives, and who wins when two requests change it: decided without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from litestar_sessions._sql.records import StoredSession

__all__ = ("RENEWALS", "OnConflict", "SessionPolicy", "check_lifetime", "merge")

OnConflict: TypeAlias = Literal["merge", "overwrite", "error"]

RENEWALS = 10
"""Into how many parts the idle timeout is divided; a session is renewed once in each."""

# A century of room: a lifetime that fits today must also fit while the process runs on.
_LATEST_EXPIRY = datetime.max.replace(tzinfo=timezone.utc) - timedelta(days=36_525)


@dataclass(frozen=True)
class SessionPolicy:
    """The rules for every session of one backend."""

    idle_timeout: timedelta
    renewal_interval: timedelta | None
    """How much of the idle timeout has to pass before reading renews; ``None``: it never does."""
    absolute_timeout: timedelta | None = None
    on_conflict: OnConflict = "merge"
    patience: float = 10.0
    """How many seconds the database may take for one operation."""

    def expiry(self, now: datetime, session: StoredSession | None = None) -> datetime:
        """Return when a session expires that is saved now; one that is new is ``None``."""
        idle = now + self.idle_timeout
        if self.absolute_timeout is None:
            return idle
        if session is None:
            return min(idle, now + self.absolute_timeout)
        # Without a time of creation nothing may be prolonged.
        return min(idle, self._end(session) or session.expires_at)

    def renewed(self, now: datetime, session: StoredSession) -> datetime | None:
        """Return the new expiry of a session that was only read; ``None`` if none is due."""
        if self.renewal_interval is None:
            return None
        expires_at = self.expiry(now, session)
        return expires_at if expires_at - session.expires_at > self.renewal_interval else None

    def is_over(self, now: datetime, session: StoredSession) -> bool:
        """Tell whether the absolute timeout has passed, whatever the row says."""
        end = self._end(session)
        return end is not None and end <= now

    def _end(self, session: StoredSession) -> datetime | None:
        if self.absolute_timeout is None or session.created_at is None:
            return None
        return session.created_at + self.absolute_timeout


def merge(
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
    encode: Callable[[Any], bytes],
) -> dict[str, Any]:
    """Return what both of two requests leave: mine where I changed or removed a key, else theirs.

    Args:
        base: What both began with.
        mine: What this request made of it.
        theirs: What the other one has saved.
        encode: Serializes a value; values are the same if their bytes are, so that 1 is not true.
    """

    def is_changed(key: str) -> bool:
        if (key in base) is not (key in mine):
            return True
        return key in mine and encode(base[key]) != encode(mine[key])

    kept = {key: value for key, value in theirs.items() if not is_changed(key)}
    return kept | {key: value for key, value in mine.items() if is_changed(key)}


def check_lifetime(name: str, seconds: float, now: datetime) -> None:
    """Refuse a lifetime with which no session could live.

    Raises:
        ConfigurationError: It is not positive, or a session would expire after the last timestamp.
    """
    if seconds < 1:
        raise ConfigurationError(f"{name} is {seconds} seconds: choose at least 1.")
    limit = int((_LATEST_EXPIRY - now).total_seconds())
    if seconds > limit:
        raise ConfigurationError(
            f"{name} is {seconds} seconds, and the limit is {limit}: no timestamp is later than "
            "the year 9999. Choose a smaller one.",
        )
