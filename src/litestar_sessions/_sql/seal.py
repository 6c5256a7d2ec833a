"""The key of one session, which encrypts its data.

Whatever is encrypted alike is the same bytes, so that a change can be conditional: the nonce is a
MAC of the data. Two versions of one session that have the same nonce are the same.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from litestar_sessions._sql.sealed import HALF_KEY, NONCE, SealedData

if TYPE_CHECKING:
    from litestar_sessions._sql.sealed import WrappedKey

__all__ = ("Seal",)


@dataclass(slots=True)
class Seal:
    """The key of one session, and how it stands with the data.

    All copies of a session that was loaded share it, so that they know what the table has.
    """

    key: bytes | None = field(repr=False)
    """One half encrypts, the other makes nonces; ``None``: the data is not encrypted."""
    wrapped: tuple[WrappedKey, ...] = field(repr=False)
    """The key, wrapped under the session ID, and under the one before that."""
    table: bytes = field(repr=False)
    """The name of the table, which is authenticated too."""

    def close(self, data: bytes) -> bytes:
        """Return data as it stands in the table; the same data is always the same bytes."""
        if self.key is None:
            return data
        nonce = hmac.digest(self.key[HALF_KEY:], data, "sha256")[:NONCE]
        sealed = AESGCM(self.key[:HALF_KEY]).encrypt(nonce, data, self.table)
        return bytes(SealedData(self.wrapped, nonce, sealed))

    def open(self, stored: SealedData) -> bytes | None:
        """Return the data; ``None`` if it is not that of this session, in this table."""
        if self.key is None:
            return None
        try:
            return AESGCM(self.key[:HALF_KEY]).decrypt(stored.nonce, stored.sealed, self.table)
        except InvalidTag:
            return None

    def become(self, other: Seal) -> None:
        """Know that the table has another one now."""
        self.key, self.wrapped = other.key, other.wrapped
