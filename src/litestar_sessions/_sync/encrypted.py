# Generated from src/litestar_sessions/_async/encrypted.py (make generate): edit that, not this.
"""The storage whose data is encrypted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from litestar_sessions._sync.storage import SyncSessionStorage
from litestar_sessions._sql.details import remembers_former
from litestar_sessions._sql.records import StoredSession
from litestar_sessions.exceptions import ConfigurationError, SessionDamagedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.seals import Seals

__all__ = ("SyncEncryptedSessionStorage", "open_sync_storage")


class _Change(NamedTuple):
    data: bytes | None
    """``None`` if it stays."""
    expires_at: datetime | None
    new_id: str | None
    details: SessionDetails | None


class SyncEncryptedSessionStorage(SyncSessionStorage):
    """Sessions in one table of one database, with data that nobody reads who has only the table.

    Each verb does what it does on any storage, with as many statements but for three: `save` and
    `rotate` load the session before, and so does `update` unless it gets what was loaded.

    Args:
        engine: Where the table is.
        model: The mapped class of the table.
        seals: What encrypts, as the config has it.
        settings: As of any storage.

    Raises:
        ConfigurationError: There is nothing that encrypts.
    """

    def __init__(
        self, engine: Engine, model: type[Any], *, seals: Seals | None, **settings: Any
    ) -> None:
        if seals is None:  # as a config has none without data_keys
            raise ConfigurationError("Nothing encrypts: the config has no data_keys=.")
        super().__init__(engine, model, **settings)
        self._seals = seals

    def load(self, session_id: str) -> StoredSession | None:
        """Return a live session, or ``None`` if there is none; change nothing.

        If its data is not what this storage has written for that ID, asking for the data is a
        `SessionDamagedError`; so it is with the other verbs that return a session.
        """
        session = super().load(session_id)
        return None if session is None else self._seals.open(session, session_id)

    def load_many(self, session_ids: Sequence[str]) -> dict[str, StoredSession]:
        """Return the live ones among many sessions, by their IDs and in that order."""
        return self._opened(super().load_many(session_ids))

    def load_former(
        self, session_ids: Sequence[str], since: datetime
    ) -> dict[str, StoredSession]:
        """Return the live sessions that had one of these IDs before, by that ID."""
        return self._opened(super().load_former(session_ids, since))

    def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        """Return a live session and move its expiry; ``None`` if there is none."""
        session = super().load_and_touch(session_id, expires_at)
        return None if session is None else self._seals.open(session, session_id)

    def reload(
        self, session: StoredSession, session_id: str | None = None
    ) -> StoredSession | None:
        """Return a session as it is now; ``None`` if it is not live any more."""
        found = super().reload(session, session_id)
        return found and self._seals.open(found, session_id or found.key, session.seal)

    def create(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> StoredSession:
        """Store a new session, and return it."""
        seal = self._seals.begin(session_id)
        stored = super().create(session_id, seal.close(data), expires_at, details=details)
        return replace(stored, data=data, seal=seal)

    def save(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        details: SessionDetails | None = None,
    ) -> None:
        """Replace the data, the expiry and the details of a session; create it if there is none."""
        # Its key stays, so that whoever has loaded it, or has the former ID, can read it still.
        try:
            found = self.load(session_id)
        except SessionDamagedError:
            found = None
        former = found.seal if found is not None else None
        seal = self._seals.follow(former or self._seals.none(), session_id, None)
        super().save(session_id, seal.close(data), expires_at, details=details)

    def update(  # noqa: PLR0913 - as in any storage
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime | None,
        *,
        expected: bytes | StoredSession | None = None,
        new_id: str | None = None,
        details: SessionDetails | None = None,
    ) -> bool:
        """Replace the data and the expiry of a live session; return whether that was done."""
        change = _Change(data, expires_at, new_id, details)
        if not isinstance(expected, StoredSession):
            return self._change_latest(session_id, expected, change)
        if expected.seal is None:
            return self._change_latest(session_id, expected.data, change)
        return self._change_loaded(session_id, expected, change)

    def rotate(
        self,
        session_id: str,
        new_id: str,
        *,
        expires_at: datetime | None = None,
        details: SessionDetails | None = None,
    ) -> bool:
        """Give a live session another ID; return whether there was one."""
        change = _Change(None, expires_at, new_id, details)
        return self._change_latest(session_id, None, change)

    def _change_latest(
        self, session_id: str, expected: bytes | None, change: _Change
    ) -> bool:
        """Change what the table has, if that is what is expected, until nobody comes between."""
        tried = None
        latest = self.load(session_id)
        while latest is not None and expected in {None, latest.data}:
            if self._change_loaded(session_id, latest, change):
                return True
            if tried == (latest, latest.seal):
                return False  # it is the details that are not as expected
            tried = latest, latest.seal
            latest = self.load(session_id)
        return False

    def _change_loaded(self, session_id: str, base: StoredSession, change: _Change) -> bool:
        """Change what was loaded, in one statement; return whether the table still had it."""
        former, data = base.seal or self._seals.none(), change.data
        keeps_former = remembers_former(change.details)
        seal = self._seals.follow(former, session_id, change.new_id, keeps_former=keeps_former)
        is_done = super().update(
            session_id,
            seal.close(base.data if data is None else data),
            change.expires_at,
            expected=former.close(base.data),
            new_id=change.new_id,
            details=change.details,
        )
        if is_done:
            former.become(seal)
        return is_done

    def _opened(self, sessions: dict[str, StoredSession]) -> dict[str, StoredSession]:
        return {id_: self._seals.open(session, id_) for id_, session in sessions.items()}


def open_sync_storage(
    engine: Engine, model: type[Any], seals: Seals | None, **settings: Any
) -> SyncSessionStorage:
    """Return a storage whose data is encrypted if there is something that does it."""
    if seals is None:
        return SyncSessionStorage(engine, model, **settings)
    return SyncEncryptedSessionStorage(engine, model, seals=seals, **settings)
