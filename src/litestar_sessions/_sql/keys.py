"""How a session ID is spelled in the ``session_id`` column."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from litestar_sessions._sql.types import SESSION_ID_LENGTH
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = (
    "DIGESTS",
    "KEY_ID_LENGTH",
    "PLAIN_KEYS",
    "Keyed",
    "SessionKeys",
    "StoredKey",
    "encoded",
    "hashed",
    "keyed",
    "make_keys",
    "plain",
)

MIN_SECRET_BYTES = 32

_NO_SESSION_ID = b"\xff litestar-sessions: the name of a secret"  # which is no UTF-8
_DIGEST = "sha256:"
_KEYED_DIGEST = "hmac-sha256:"
DIGESTS = (_DIGEST, _KEYED_DIGEST)
"""What the keys begin with that are no plain IDs."""
KEY_ID_LENGTH = 8
"""How many hexadecimal digits say under which secret a digest was made."""
_HELD_EXACTLY = re.compile(rf"(?!{_DIGEST}|{_KEYED_DIGEST})[!-~]{{1,{SESSION_ID_LENGTH}}}")


def plain(session_id: str) -> str:
    """Return the ID itself, or its digest where the column might not hold it exactly.

    Any string is a session ID, and no two have the same key. Printable ASCII without spaces, up to
    255 characters, is held exactly by every database. Whatever is not (NUL and lone surrogates
    are errors to some, others drop trailing spaces or fold accents) is kept under its digest; so
    is an ID that looks like a digest, or it would be the key of another ID.
    """
    return session_id if _HELD_EXACTLY.fullmatch(session_id) else hashed(session_id)


def hashed(session_id: str) -> str:
    """Return the SHA-256 digest of the ID.

    An ID of 128 random bits or more cannot be found from its digest, so neither salt nor
    stretching would add anything.
    """
    return _DIGEST + sha256(encoded(session_id)).hexdigest()


@dataclass(frozen=True, slots=True)
class Keyed:
    """Spells an ID as its HMAC-SHA-256 under a secret, which nothing shows.

    Before the digest stands what the secret is called, so that one can count what needs it.
    """

    secret: bytes = field(repr=False)
    prefix: str

    def __call__(self, session_id: str) -> str:
        """Return the digest of the ID."""
        return self.prefix + hmac.digest(self.secret, encoded(session_id), "sha256").hex()

    def unnamed(self) -> Keyed:
        """Return what spells IDs without what the secret is called."""
        return replace(self, prefix=_KEYED_DIGEST)

    def check(self) -> None:
        """Refuse a secret that is short.

        Raises:
            ConfigurationError: The message says how to make one.
        """
        if len(self.secret) < MIN_SECRET_BYTES:
            raise ConfigurationError(
                f"A key in session_id_keys has {len(self.secret)} bytes, and {MIN_SECRET_BYTES} is "
                "the least: make one with secrets.token_hex(32).",
            )


def keyed(secret: bytes | str) -> Keyed:
    """Return what spells IDs under a secret."""
    secret = encoded(secret) if isinstance(secret, str) else secret
    name = hmac.digest(secret, _NO_SESSION_ID, "sha256").hex()[:KEY_ID_LENGTH]
    return Keyed(secret, f"{_KEYED_DIGEST}{name}:")


def name_of(spell: Callable[[str], str]) -> str:
    """Return what stands before a key, or the kind of key if nothing does."""
    return "plain" if spell is plain else spell("").rpartition(":")[0]


def encoded(session_id: str) -> bytes:
    """Return UTF-8, also of lone surrogates, which are no UTF-8."""
    return session_id.encode("utf-8", "surrogatepass")


class StoredKey(str):
    """The key of a row, for verbs that take a session ID: it is spelled already.

    Whoever has a former session ID knows the row by it, and not by the ID that it has now.
    """

    __slots__ = ()


@dataclass(frozen=True)
class SessionKeys:
    """The spellings under which sessions are found; what is written gets the first one."""

    spellings: tuple[Callable[[str], str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called: ``plain``, ``sha256``, or ``hmac-sha256`` and which secret."""
        return tuple(map(name_of, self.spellings))

    @property
    def are_several(self) -> bool:
        """Whether a session may be found under more than one."""
        return len(self.spellings) > 1

    def current(self, session_id: str) -> str:
        """Return the key of whatever is written."""
        if type(session_id) is StoredKey:
            return str(session_id)
        return self.spellings[0](session_id)

    def all(self, session_id: str) -> tuple[str, ...]:
        """Return every key that a session of this ID may have, the current one first."""
        if type(session_id) is StoredKey:
            return (str(session_id),) * len(self.spellings)
        return tuple(spell(session_id) for spell in self.spellings)


PLAIN_KEYS = SessionKeys((plain,))
"""Session IDs as they are."""


def make_keys(
    *, hash_ids: bool, secrets: Sequence[bytes | str], take_over: str | None
) -> SessionKeys:
    """Return the spellings that settings ask for.

    Args:
        hash_ids: Whether IDs are written as digests.
        secrets: For digests with a secret, the current one first.
        take_over: A spelling of before that is found too: ``"plain"``, ``"sha256"``, or
            ``"hmac-sha256"``, which does not say under which secret.

    Raises:
        ConfigurationError: The settings contradict each other, or a secret is short.
    """
    ways = tuple(map(keyed, secrets))
    del secrets  # which a report with the variables of an error would show
    if ways and not hash_ids:
        raise ConfigurationError(
            "session_id_keys are for digests: leave them out, or hash_session_ids=False.",
        )
    for way in ways:
        way.check()
    current: tuple[Callable[[str], str], ...] = ways or (hashed if hash_ids else plain,)
    former = _taken_over(take_over, ways)
    return SessionKeys((*current, *(way for way in former if way not in current)))


def _taken_over(take_over: str | None, ways: Sequence[Keyed]) -> tuple[Callable[[str], str], ...]:
    if take_over == "plain":
        return (plain,)
    if take_over == "sha256":
        return (hashed,)
    if take_over == "hmac-sha256" and ways:
        return tuple(way.unnamed() for way in ways)
    if take_over is None:
        return ()
    raise ConfigurationError(
        f"take_over={take_over!r} is neither 'plain' nor 'sha256', nor 'hmac-sha256' with "
        "session_id_keys: choose how session IDs stand in the table, or leave it out.",
    )
