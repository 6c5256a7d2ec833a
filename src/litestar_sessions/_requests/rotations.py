"""Sessions that get another ID, and requests that left with the one of before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.candidates import choose
from litestar_sessions._requests.events import warn
from litestar_sessions._requests.listeners import warn_of_damage
from litestar_sessions._requests.telling import TellingSession
from litestar_sessions._sql.keys import StoredKey
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import TypeGuard

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.records import StoredSession

__all__ = ("RotatedSession",)


class RotatedSession(TellingSession):
    """A session whose ID may change.

    Because time has passed, it changes for the sake of whoever has read the former one somewhere:
    requests under way have the session still, for the grace period. For any other reason, rights
    have changed, and the former ID is worth nothing: it may have been planted. A request that has
    it is late then; it is a stranger's, but the cookie of its browser is left alone.
    """

    __slots__ = ()

    def rotate(self) -> None:
        """Have the session get another ID when it is saved; a new one has an ID of its own."""
        self._is_late = self._is_timed = False
        if self.stored is not None:
            self._new_id = self.codec.generate_session_id()

    def rotate_for_rights(self) -> None:
        """Have the session get another ID; whoever has the former one is a stranger."""
        if self._new_id is None:
            self.rotate()
        self._is_timed = False

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody knows if the session has got another ID because of the time."""
        return self._is_timed and self._new_id is not None

    def leave_in_doubt(self) -> None:
        """Go on with the ID that is known: whoever has it can follow the session."""
        self._new_id = None

    def _rotate_if_due(self, stored: StoredSession) -> None:
        """Have the session get another ID if it has had this one for long, and that can be told."""
        if (
            self._may_tell
            and self._new_id is None
            and self._former_key is None
            and self.settings.policy.rotation_is_due(self._now, stored)
        ):
            self.rotate()
            self._is_timed = True

    def _with_former_id(self, details: SessionDetails | None) -> SessionDetails | None:
        """Return what is written with a new ID: which one it was before, and what that is for."""
        if self._new_id is None or not self.settings.remembers_former:
            return details
        now = self._now
        return {
            **(details or {}),
            "former_session_id": self.settings.keys.current(self._row_id),
            "rotated_at": now,
            "rights_changed_at": self._rights_changed_at if self._is_timed else now,
        }

    @property
    def _rights_changed_at(self) -> datetime | None:
        details = (self.stored and self.stored.details) or {}
        return details.get("rights_changed_at")

    async def _load_former(self, session_ids: Sequence[str]) -> dict[str, Any] | None:
        """Return the session that had one of these IDs a moment ago, if whoever has it may."""
        if not self.settings.recognises_late:
            return None
        since = self._now - self.settings.policy.rotation_grace
        try:
            found = await self.storage.load_former(session_ids, since)
        except SessionDamagedError as error:
            warn_of_damage(error, self.settings.listeners)
            return None
        served = {key: each for key, each in found.items() if _is_served(each)}
        choice = choose(served, self.codec, self.settings, self._now)
        if choice is None:
            self._is_late = bool(found)
            return None
        self._session_id, session = choice
        self.stored = served[self._session_id]
        self._former_key = StoredKey(self.stored.key)
        return session

    def _is_still_ours(self, current: StoredSession | None) -> TypeGuard[StoredSession]:
        """Tell whether a row is still that of the session; if it is not, lose the session.

        It has ended, or has another ID, which its visitor knows.
        """
        if current is not None:
            if current.key in self.settings.keys.all(self.next_id):
                self._take_new_id()  # what was written without an answer was written after all
            if current.key in self.settings.keys.all(self._row_id):
                return True
            if self._may_follow(current):
                self._former_key = StoredKey(current.key)
                self.has_news = False  # the browser gets the ID from whoever has rotated
                if self._is_timed:
                    self._new_id = None
                return True
        self._forget()
        self.is_lost = True
        # If it has another ID, the browser has that, or is about to: its cookie must stay.
        self.has_news = current is None
        return False

    def _may_follow(self, current: StoredSession) -> bool:
        """Tell whether a row got another ID because of the time alone, however often."""
        if self.settings.policy.rotation_interval is None or not _is_served(current):
            return False
        if not current.is_readable:
            return False
        return (current.details or {}).get("rights_changed_at") == self._rights_changed_at

    def _take_new_id(self) -> None:
        if self._new_id is not None:
            self.has_news = True
            self._session_id, self._new_id = self._new_id, None
            self._former_key = None
            if self.settings.listeners is not None:
                self._tell("rotated", self.stored, reason="time" if self._is_timed else "rights")

    def _drop_if_late(self, owner: str | None) -> bool:
        """Drop a session that begins in a late request, and return whether that was done.

        The browser has the present ID of another. If somebody signs in, a session begins all the
        same: a browser that never got that ID does so once more.
        """
        self._is_late = self._is_late and self.stored is None and owner is None
        if self._is_late:
            warn("rotated", "A new session was dropped: the browser has one with another ID")
        return self._is_late


def _is_served(session: StoredSession) -> bool:
    """Tell whether who has the former ID has the session: it was rotated by time."""
    details = session.details or {}
    rotated_at, changed_at = details.get("rotated_at"), details.get("rights_changed_at")
    return rotated_at is not None and (changed_at is None or changed_at < rotated_at)
