"""How encrypted data stands in the table: a head, the key of the session, wrapped, and the rest.

The head and the identifier of the secret are at the same place in all, so that a database can count
them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ("HALF_KEY", "HEAD", "KEY_ID", "NONCE", "SealedData", "WrappedKey")

HEAD = b"\xc1ls\x01"
"""What encrypted data begins with: no UTF-8 does, nor MessagePack."""
KEY_ID, NONCE, TAG, HALF_KEY = 4, 12, 16, 32
"""How many bytes these have."""
_WRAPPED = KEY_ID + NONCE + 2 * HALF_KEY + TAG


class WrappedKey(NamedTuple):
    """The key of a session as it stands with its data."""

    key_id: bytes
    """Which secret it is wrapped under."""
    nonce: bytes
    sealed: bytes


class SealedData(NamedTuple):
    """Encrypted data, in its parts."""

    keys: tuple[WrappedKey, ...]
    """The key of the session, wrapped under its ID, and under the one before that."""
    nonce: bytes
    sealed: bytes

    def __bytes__(self) -> bytes:
        """Return them as they stand in the table."""
        keys = [part for key in self.keys for part in key]
        return b"".join((HEAD, bytes((len(self.keys),)), *keys, self.nonce, self.sealed))

    @classmethod
    def parse(cls, stored: bytes) -> SealedData | None:
        """Return the parts of what stands in the table; ``None`` if it has not all of them."""
        start = len(HEAD) + 1
        if not stored.startswith(HEAD) or len(stored) < start:
            return None
        end = start + stored[len(HEAD)] * _WRAPPED
        if end == start or len(stored) < end + NONCE + TAG:
            return None
        keys = tuple(_wrapped(stored[at : at + _WRAPPED]) for at in range(start, end, _WRAPPED))
        return cls(keys, stored[end : end + NONCE], stored[end + NONCE :])


def _wrapped(part: bytes) -> WrappedKey:
    after_id = KEY_ID + NONCE
    return WrappedKey(part[:KEY_ID], part[KEY_ID:after_id], part[after_id:])
