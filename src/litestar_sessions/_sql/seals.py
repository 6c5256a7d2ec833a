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

from litestar_sessions._sql.damaged import DamagedSession
from litestar_sessions._sql.data_keys import DataKey
from litestar_sessions._sql.keys import StoredKey
from litestar_sessions._sql.seal import Seal
from litestar_sessions._sql.sealed import HALF_KEY, HEAD, SealedData

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

    def begin(self, *session_ids: str) -> Seal:
        """Return a seal for a session that has none, for who has one of these IDs."""
        key = urandom(2 * HALF_KEY)
        wrapped = tuple(self._current.wrap(key, self._table, each) for each in session_ids)
        return Seal(key, wrapped, self._table)

    def is_current(self, seal: Seal) -> bool:
        """Tell whether data is encrypted as it is to be, under the current secret."""
        return seal.key is not None and seal.wrapped[0].key_id == self._current.id

    def none(self) -> Seal:
        """Return that of data which is not encrypted."""
        return Seal(None, (), self._table)

    def follow(
        self, seal: Seal, session_id: str, new_id: str | None, *, keeps_former: bool = False
    ) -> Seal:
        """Return the seal of a session that is written again.

        Who only knows the row, and not its ID, leaves it as it is.

        Args:
            seal: The one that it has.
            session_id: The ID of the session.
            new_id: An ID to have instead.
            keeps_former: Whether who has the ID of before is to have the session still.
        """
        is_known = type(session_id) is not StoredKey
        if new_id is None and (self.is_current(seal) or not is_known):
            return seal
        its_id = session_id if new_id is None else new_id
        keeps_former = keeps_former and is_known and new_id is not None
        if seal.key is None:
            return self.begin(its_id, *([session_id] if keeps_former else []))
        current, *former = seal.wrapped
        if new_id is not None:
            former = [current] if keeps_former else []
        wrapped = self._current.wrap(seal.key, self._table, its_id)
        return replace(seal, wrapped=(wrapped, *former))

    def open(
        self, session: StoredSession, session_id: str, known: Seal | None = None
    ) -> StoredSession:
        """Return a session with the data that it has, and its seal.

        If it is not encrypted for that ID, in that table, under any of the secrets, it is one whose
        data nobody can read.

        Args:
            session: What the table has.
            session_id: The ID by which it was found.
            known: The seal that it had before.
        """
        if self._reads_plain and not session.data.startswith(HEAD):
            return replace(session, seal=self.none())
        stored = SealedData.parse(session.data)
        if stored is None:
            return DamagedSession(session, _NOT_ENCRYPTED)
        for key in self._candidates(stored, session_id, known):
            seal = Seal(key, stored.keys, self._table)
            data = seal.open(stored)
            if data is not None:
                return replace(session, data=data, seal=seal)
        return DamagedSession(session, self._explained(stored.keys[0].key_id))

    def _candidates(
        self, stored: SealedData, session_id: str, known: Seal | None
    ) -> Iterator[bytes]:
        if known is not None and known.key is not None:
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
