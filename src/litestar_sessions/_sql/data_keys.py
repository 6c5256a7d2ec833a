"""The secrets of an application, and what they wrap: the key that each session has of its own."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from os import urandom
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from litestar_sessions._sql.keys import MIN_SECRET_BYTES, encoded
from litestar_sessions._sql.sealed import HALF_KEY, KEY_ID, NONCE, WrappedKey
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("DataKey",)


@dataclass(frozen=True, slots=True)
class DataKey:
    """A secret of the application, from which keys are derived (HKDF, RFC 5869)."""

    id: bytes
    """What it is called where it was used, which tells nothing of it."""
    root: bytes = field(repr=False)
    """The secret, extracted."""
    length: int
    """How many bytes the secret has."""

    @classmethod
    def of(cls, secret: bytes | str) -> Self:
        """Return a secret, of any length."""
        secret = encoded(secret) if isinstance(secret, str) else secret
        root = hmac.digest(bytes(SHA256.digest_size), secret, "sha256")
        return cls(_derived(root, b"key id", length=KEY_ID), root, len(secret))

    def check(self) -> None:
        """Refuse a secret that is short.

        Raises:
            ConfigurationError: The message says how to make one.
        """
        if self.length < MIN_SECRET_BYTES:
            raise ConfigurationError(
                f"A key in data_keys has {self.length} bytes, and {MIN_SECRET_BYTES} is the least: "
                "make one with secrets.token_hex(32).",
            )

    def wrap(self, key: bytes, table: bytes, session_id: str) -> WrappedKey:
        """Return the key of a session as only who has that ID can read it."""
        nonce = urandom(NONCE)
        sealed = self._wrapping(table, session_id).encrypt(nonce, key, self.id)
        return WrappedKey(self.id, nonce, sealed)

    def unwrap(self, wrapped: WrappedKey, table: bytes, session_id: str) -> bytes | None:
        """Return the key of a session; ``None`` if it is that of another one."""
        try:
            cipher = self._wrapping(table, session_id)
            return cipher.decrypt(wrapped.nonce, wrapped.sealed, self.id)
        except InvalidTag:
            return None

    def _wrapping(self, table: bytes, session_id: str) -> AESGCM:
        return AESGCM(_derived(self.root, b"data", table, encoded(session_id), length=HALF_KEY))


def _derived(root: bytes, *purpose: bytes, length: int) -> bytes:
    info = b"\0".join((b"litestar-sessions", *purpose))
    return HKDFExpand(SHA256(), length, info).derive(root)
