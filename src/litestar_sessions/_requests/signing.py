"""Signing in and out: what is written with a session that gets another owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from litestar_sessions._requests.codec import decode, decode_stored
from litestar_sessions._requests.errors import UNANSWERED
from litestar_sessions._requests.events import fail
from litestar_sessions._requests.rotations import RotatedSession
from litestar_sessions._sql.details import EXPECTED

if TYPE_CHECKING:
    from litestar_sessions._requests.codec import SessionCodec
    from litestar_sessions._requests.owners import Owners
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.records import StoredSession

__all__ = ("SignedSession", "details_of_set", "signs_in", "with_details")


class SignedSession(RotatedSession):
    """A session that may have an owner: of whom the row tells, and what is written of that."""

    __slots__ = ()

    @property
    def row_owner(self) -> str | None:
        """Whose session it is by what storage has of it."""
        details = (self.stored and self.stored.details) or {}
        return details.get("owner")

    def owner_of(self, session: Any, data: bytes | None = None) -> str | None:
        """Return whose session it is by what the application has made of it.

        Args:
            session: What the application has.
            data: The same, serialized; by default that is done here.
        """
        owners = self.settings.owners
        if owners is None:
            return None
        if data is None:
            data = self.codec.serialize_data(session, self._scope)
        return owners.of(decode(self.codec, data))

    def _details(self, data: bytes, theirs: StoredSession | None = None) -> SessionDetails | None:
        """Return what is written with data; the time of signing in if the owner is another.

        Args:
            data: What is written.
            theirs: What it replaces.
        """
        details = self._client_details()
        if self.settings.owners is None:
            return details
        owner = self.owner_of(None, data)
        signed: SessionDetails = {**(details or {}), "owner": owner}
        former: str | None = None
        if theirs is not None:
            former = self.settings.owners.of(decode_stored(self.codec, theirs.data))
        if owner != former:
            signed["signed_in_at"] = None if owner is None else self._now
        return signed

    async def _end_oldest(self) -> None:
        """End the oldest sessions of an owner who has signed in, if there are too many."""
        owners, owner = self.settings.owners, self.row_owner
        if owners is None or owners.most is None or owner is None:
            return
        try:
            count = await self.storage.end_oldest(owner, owners.most)
        except UNANSWERED:
            # The visitor is signed in, and needs the response that says so.
            fail("too_many", "An owner may have too many sessions: the oldest were not ended")
        else:
            if count and self.settings.listeners is not None:
                self._tell("ended", owner=owner, reason="over_limit", count=count)

    def _client_details(self) -> SessionDetails | None:
        """Return what is written whenever a row is."""
        recorder = self.settings.recorder
        return None if recorder is None else recorder.details(self._scope)

    def _unwritten_owner(self, session: Any, stored: StoredSession) -> SessionDetails | None:
        """Return the owner of a session that was saved before owners were written."""
        owners = self.settings.owners
        if owners is None:
            return None
        known = session if isinstance(session, dict) else decode(self.codec, stored.data)
        owner = owners.of(known)
        return None if owner == self.row_owner else {"owner": owner}


def details_of_set(
    codec: SessionCodec, owners: Owners | None, data: bytes
) -> SessionDetails | None:
    """Return what is written with data that replaces a session, whatever that was.

    Nobody knows then when its owner has signed in. Data that cannot be decoded is nobody's.
    """
    if owners is None:
        return None
    try:
        owner = owners.of(decode(codec, data))
    except Exception:  # noqa: BLE001 - the codec, or the function of an application
        owner = None
    return {"owner": owner, "signed_in_at": None}


def signs_in(details: SessionDetails | None) -> bool:
    """Tell whether somebody signs in, or as somebody else, with what is written."""
    return bool(details and details.get("signed_in_at"))


def with_details(stored: StoredSession, details: SessionDetails | None) -> SessionDetails | None:
    """Return what a row says once that was written."""
    if details is None:
        return stored.details
    written = {name: value for name, value in details.items() if name not in EXPECTED}
    return cast("SessionDetails", {**(stored.details or {}), **written})
