"""What other requests make of a session meanwhile: it is followed, or the session is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.codec import (
    decode,
    decode_stored,
    encode,
    encode_merged,
    is_change,
)
from litestar_sessions._requests.events import warn
from litestar_sessions._requests.rotations import RotatedSession
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar_sessions._sql.records import StoredSession

__all__ = ("FollowedSession",)


class FollowedSession(RotatedSession):
    """A session that storage may be asked for again."""

    __slots__ = ()

    async def refresh(self, look: Callable[[], Any]) -> StoredSession | None:
        """Ask what storage has by now, and have it; write nothing.

        Args:
            look: Returns what the application has made of the session.

        Raises:
            SessionConflictError: Both were changed, and neither is to go before the other.
            SessionUnavailableError: The database did not answer.
        """
        while (base := self.stored) is not None:
            try:
                current = await self._ask(base)
                if self.stored is not base:  # something else has saved it while this waited
                    continue
                if current is not None and self.settings.policy.is_over(self._now, current):
                    current = None
                if self._is_still_ours(current):
                    self._follow(look(), base, current)
            except SessionDamagedError as error:
                self._begin_anew(self.session_id, error)
            return self.stored and current
        return None

    async def _look_again(self, base: StoredSession) -> StoredSession | None:
        """Return what storage has by now; if the session has ended, lose it and its changes."""
        current = await self._ask(base)
        if self._is_still_ours(current):
            return current
        if current is None:
            warn("gone", "Changes were dropped: the session was ended meanwhile")
        else:
            warn("rotated", "Changes were dropped: the session got another ID meanwhile")
        return None

    async def _ask(self, base: StoredSession) -> StoredSession | None:
        if base.id is None:
            return await self.storage.load(self.session_id)
        return await self.storage.reload(base, self._row_id)

    def _follow(self, session: Any, base: StoredSession, current: StoredSession) -> None:
        """Have what others have made of the session, and changes of this request on top of it."""
        if current.data == base.data:
            self.stored = current
        elif isinstance(session, dict):
            theirs = self._merged(session, base, current)
            session.clear()
            session.update(theirs)
            self.stored = current

    def _merged(
        self, session: dict[str, Any], base: StoredSession, current: StoredSession
    ) -> dict[str, Any]:
        if not self._is_changed(encode(self.codec, session, self._scope), base):
            return decode_stored(self.codec, current.data)
        on_conflict = self.settings.policy.on_conflict
        if on_conflict == "error":
            raise self._conflict()
        if on_conflict == "overwrite":
            return {**session}
        data = encode_merged(self.codec, session, self._scope, base.data, current.data)
        return decode(self.codec, data)

    def _is_changed(self, data: bytes, stored: StoredSession) -> bool:
        """Tell whether a session that has become these bytes is another than storage had."""
        return data != stored.data and is_change(self.codec, data, stored.data)

    def _show_merged(self, session: Any, data: bytes) -> None:
        """Have in the dictionary what was merged."""
        if self.settings.policy.on_conflict == "merge":
            self._tell("merged", self.stored)
        if isinstance(session, dict):
            session.clear()
            session.update(decode(self.codec, data))

    def _expected(self, theirs: StoredSession) -> StoredSession | None:
        """Return what is to be replaced; ``None`` if that may be anything.

        Of encrypted data it may not be, since its key stays.
        """
        is_any = self.settings.policy.on_conflict == "overwrite" and theirs.seal is None
        return None if is_any else theirs

    def _on_top_of(self, session: Any, data: bytes, base: bytes, theirs: bytes) -> bytes:
        """Return what is saved where another request has left theirs, and both had begun alike."""
        if self.settings.policy.on_conflict != "merge":
            return data
        return encode_merged(self.codec, session, self._scope, base, theirs)
