"""How the data of a session is encrypted, under a key that only its visitor and a secret make.

Each session has a key of its own, by chance, which stands with its data: wrapped under a key that
is derived from a secret of the application and the session ID, which the table does not have. So a
session gets another ID, or another secret, and its data stays as it is. While the former ID is
recognised, its key stands there once more, wrapped under that.
"""

from __future__ import annotations

from dataclasses import replace
from os import urandom
from typing import TYPE_CHECKING

from litestar_sessions._sql.data_keys import DataKey
from litestar_sessions._sql.keys import StoredKey
from litestar_sessions._sql.seal import Seal
from litestar_sessions._sql.sealed import HALF_KEY, HEAD, SealedData
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from litestar_sessions._sql.records import StoredSession

__all__ = ("Seals",)


class Seals:
    """Opens and closes the data of the sessions of one table.

    Args:
        secrets: Those of the application, the current one first.
        table: The name of the table.
        reads_plain: Whether data that is not encrypted is read, as of a table that was not.

    Raises:
        ConfigurationError: A secret is short.
    """

    def __init__(
        self, secrets: Sequence[bytes | str], table: str, *, reads_plain: bool = False
    ) -> None:
        keys = [DataKey.of(secret) for secret in secrets]
        del secrets  # which a report with the variables of an error would show
        for key in keys:
            key.check()
        self._current = keys[0]
        self._keys = {key.id: key for key in keys}
        self._table = table.encode()
        self._reads_plain = reads_plain

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """What the secrets are called, the current one first."""
        return tuple(self._keys)

    def begin(self, session_id: str) -> Seal:
        """Return a seal for a new session."""
        key = urandom(2 * HALF_KEY)
        return Seal(key, (self._current.wrap(key, self._table, session_id),), self._table)

    def follow(
        self, seal: Seal | None, session_id: str, new_id: str | None, *, keeps_former: bool
    ) -> Seal:
        """Return the seal of a session that is written again.

        Args:
            seal: The one that it has; ``None`` if its data is not encrypted.
            session_id: The ID of the session.
            new_id: An ID to have instead.
            keeps_former: Whether who has the ID of before is to have the session still.
        """
        its_id = session_id if new_id is None else new_id
        if seal is None:
            return self.begin(its_id)
        current, *former = seal.wrapped
        if new_id is not None:
            former = [current] if keeps_former else []
        elif current.key_id == self._current.id or type(session_id) is StoredKey:
            return seal
        wrapped = self._current.wrap(seal.key, self._table, its_id)
        return replace(seal, wrapped=(wrapped, *former))

    def open(
        self, session: StoredSession, session_id: str, known: Seal | None = None
    ) -> StoredSession:
        """Return a session with the data that it has, and its seal.

        Args:
            session: What the table has.
            session_id: The ID by which it was found.
            known: The seal that it had before.

        Raises:
            SessionDamagedError: It is not encrypted for that ID, in that table, under any of the
                secrets.
        """
        if self._reads_plain and not session.data.startswith(HEAD):
            return session
        stored = SealedData.parse(session.data)
        if stored is None:
            raise SessionDamagedError(_NOT_ENCRYPTED)
        for key in self._candidates(stored, session_id, known):
            seal = Seal(key, stored.keys, self._table)
            data = seal.open(stored)
            if data is not None:
                return replace(session, data=data, seal=seal)
        raise SessionDamagedError(self._explained(stored.keys[0].key_id))

    def _candidates(
        self, stored: SealedData, session_id: str, known: Seal | None
    ) -> Iterator[bytes]:
        if known is not None:
            yield known.key
        if type(session_id) is StoredKey:
            return  # it says which row, and is no ID
        for wrapped in stored.keys:
            if wrapped.key_id in self._keys:
                key = self._keys[wrapped.key_id].unwrap(wrapped, self._table, session_id)
                if key is not None:
                    yield key

    def _explained(self, key_id: bytes) -> str:
        if key_id in self._keys:
            return "The data of a session was tampered with, or is that of another one."
        return (
            f"The data of a session is encrypted under {key_id.hex()}, which is not in data_keys."
        )


_NOT_ENCRYPTED = (
    "The data of a session is not encrypted: read_unencrypted=True reads what is from before."
)
