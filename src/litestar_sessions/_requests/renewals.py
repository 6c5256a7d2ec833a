"""What is written of a session that was only read, if it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.errors import UNANSWERED
from litestar_sessions._requests.events import warn
from litestar_sessions._requests.signing import SignedSession, with_details
from litestar_sessions._sql.details import expected_of

if TYPE_CHECKING:
    from datetime import datetime

    from litestar_sessions._requests.policy import SessionPolicy
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.records import StoredSession

__all__ = ("RenewedSession", "load_and_renew")


class RenewedSession(SignedSession):
    """A session whose life is prolonged by reading it."""

    __slots__ = ()

    async def _renew(self, session: Any, stored: StoredSession) -> None:
        """Have the session live longer, and its row say whose it is, if either is due."""
        has_owners = self.settings.owners is not None
        owner = self._unwritten_owner(session, stored) if has_owners else None
        if owner is None:
            self._rotate_if_due(stored)
        expires_at = self.settings.policy.renewed(self._now, stored, may_tell=self._may_tell)
        if owner is None and expires_at is None and self._new_id is None:
            return
        try:
            if owner is not None:
                await self._write_owner(stored, owner)
            elif self._new_id is not None:
                await self._rotate_now(stored)
            elif expires_at is not None:
                details = self._with_lifetime(self._client_details(), stored)
                if await self._prolong(stored, expires_at, details):
                    self._adopt(replace(stored, expires_at=expires_at), "renewed")
        except UNANSWERED as error:
            # The session was read, which is all that the request needed.
            warn("not_renewed", "A session was not renewed: the database did not answer", error)
            self.has_news = self.has_news or self.is_in_doubt

    async def _prolong(
        self, stored: StoredSession, expires_at: datetime, details: SessionDetails | None
    ) -> bool:
        """Move the expiry; have data encrypted under the current secret, for this is a visit too.

        Whoever has a former ID leaves that to others.
        """
        seals, seal = self.settings.seals, stored.seal
        if seals is None or seal is None or self._former_key or seals.is_current(seal):
            return await self.storage.touch(self._row_id, expires_at, details=details)
        return await self.storage.update(
            self._row_id, stored.data, expires_at, expected=stored, details=details
        )

    async def _rotate_now(self, stored: StoredSession) -> None:
        """Give a session another ID that is changed in nothing else, and have it live longer.

        If it has another one by now, the browser gets that by another response.
        """
        new_id = self.next_id
        details = self._with_former_id(self._with_lifetime(self._client_details(), stored))
        renews = self.settings.policy.renewal_interval is not None
        expires_at = self.settings.policy.expiry(self._now, stored) if renews else None
        if await self._give_id(stored, new_id, expires_at, details):
            known = with_details(stored, details)
            self._adopt(replace(stored, expires_at=expires_at or stored.expires_at, details=known))
            self._take_new_id()
        else:
            self._new_id = None

    async def _give_id(
        self,
        stored: StoredSession,
        new_id: str,
        expires_at: datetime | None,
        details: SessionDetails | None,
    ) -> bool:
        if stored.seal is None:
            return await self.storage.rotate(
                self._row_id, new_id, expires_at=expires_at, details=details
            )
        return await self.storage.update(
            self._row_id,
            stored.data,
            expires_at or stored.expires_at,
            expected=stored,
            new_id=new_id,
            details=details,
        )

    def _next_expiry(self, theirs: StoredSession, known: SessionDetails | None) -> datetime | None:
        """Return the expiry that a change writes; ``None`` if it stays."""
        may_stay = self._new_id is None and not self._is_to_live_otherwise(theirs)
        return self.settings.policy.changed(
            self._now, theirs, known, may_stay=may_stay, may_tell=self._may_tell
        )

    async def _write_owner(self, stored: StoredSession, owner: SessionDetails) -> None:
        """Write whose the session is, unless another request changes it: that one does."""
        policy, now = self.settings.policy, self._now
        renews = policy.renewal_interval is not None
        expires_at = policy.expiry(now, stored) if renews else stored.expires_at
        details = self._with_lifetime(owner, stored)
        if await self.storage.update(
            self._row_id, stored.data, expires_at, expected=stored, details=details
        ):
            details = with_details(stored, details)
            known = replace(stored, expires_at=expires_at, details=details)
            self._adopt(known, "renewed" if renews else None)


async def load_and_renew(
    storage: SessionStorage, session_id: str, policy: SessionPolicy, now: datetime
) -> StoredSession | None:
    """Return a live session, and have it live longer; ``None`` if it is over, or there is none.

    That is one statement if it does not matter when the session began.
    """
    if policy.absolute_timeout is None:
        return await storage.load_and_touch(session_id, policy.expiry(now))
    session = await storage.load(session_id)
    if session is None or policy.is_over(now, session):
        return None
    has_lifetime = session.details is not None and "lifetime" in session.details
    expected = expected_of(session.details) if has_lifetime else None
    await storage.touch(session_id, policy.expiry(now, session), details=expected)
    return session
