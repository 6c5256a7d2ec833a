"""How a session ID is spelled in the ``session_id`` column."""

from __future__ import annotations

import re
from hashlib import sha256

from litestar_sessions.model import SESSION_ID_LENGTH

__all__ = ("storage_key",)

_DIGEST_PREFIX = "sha256:"
_HELD_EXACTLY = re.compile(rf"(?!{_DIGEST_PREFIX})[!-~]{{1,{SESSION_ID_LENGTH}}}")


def storage_key(session_id: str) -> str:
    """Return what the column holds for a session ID: the ID itself, or its SHA-256 digest.

    Any string is a session ID, and no two have the same key. Printable ASCII without spaces, up to
    255 characters, is held exactly by every database. Whatever is not (NUL and lone surrogates
    are errors to some, others drop trailing spaces or fold accents) is kept under its digest; so
    is an ID that looks like a digest, or it would be the key of another ID.
    """
    if _HELD_EXACTLY.fullmatch(session_id):
        return session_id
    return _DIGEST_PREFIX + sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()
