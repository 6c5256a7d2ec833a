"""How sessions are spelled: their IDs, and the bytes that storage keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from litestar.exceptions import SerializationException

from litestar_sessions._requests.merging import is_same, merge
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from litestar.types import Scope

__all__ = ("SessionCodec", "decode", "decode_stored", "encode", "encode_merged", "is_change")


class SessionCodec(Protocol):
    """What a class of backends decides, and its subclasses may decide otherwise."""

    has_own_serializer: bool
    """Whether the same session may be different bytes each time."""

    def generate_session_id(self) -> str: ...

    def is_session_id(self, text: str) -> bool: ...

    def serialize_data(self, data: Any, scope: Scope | None = None) -> bytes: ...

    def deserialize_data(self, data: bytes) -> dict[str, Any]: ...


def encode(codec: SessionCodec, session: Any, scope: Scope) -> bytes:
    """Return the bytes; what could not be loaded again is refused while somebody sees it.

    Raises:
        TypeError: It is neither a dictionary nor a model with fields.
        SerializationException: A value cannot be serialized; the message names its key.
    """
    try:
        data = codec.serialize_data(session, scope)
    except Exception:
        named = _unserializable(codec, session, scope)
        if named is None:
            raise
        raise named from None  # the texts of others may quote the value
    if not isinstance(session, dict):
        decode(codec, data)
    return data


def _unserializable(codec: SessionCodec, session: Any, scope: Scope) -> Exception | None:
    """Return what tells under which key the value is that cannot be serialized, if one is."""
    for key, value in session.items() if isinstance(session, dict) else ():
        try:
            codec.serialize_data({key: value}, scope)
        except Exception as error:  # noqa: BLE001 - the application may serialize as it likes
            return SerializationException(
                f"The session value under {key!r} cannot be serialized: {_reason(value, error)}",
            )
    return None


def _reason(value: Any, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep, or holds itself. Store it flatter."
    return (
        f"it is, or holds, what JSON has not ({type(value).__name__}). Store plain values, or give "
        "the application an entry in type_encoders for it."
    )


def decode(codec: SessionCodec, data: bytes) -> dict[str, Any]:
    """Return the session.

    Raises:
        TypeError: The bytes are no dictionary; other errors are those of the codec.
    """
    session = codec.deserialize_data(data)
    if not isinstance(session, dict):
        raise TypeError(
            f"A session is a dictionary, or a model with fields, and not a {type(session)}.",
        )
    return session


def decode_stored(codec: SessionCodec, data: bytes) -> dict[str, Any]:
    """Return the session that storage has.

    Raises:
        SessionDamagedError: The bytes are none; why is the cause.
    """
    try:
        return decode(codec, data)
    except Exception as error:
        raise SessionDamagedError from error


def is_change(codec: SessionCodec, data: bytes, stored: bytes) -> bool:
    """Tell whether bytes that are others than those in storage mean another session."""
    if not codec.has_own_serializer:
        return True
    return not is_same(decode(codec, data), decode(codec, stored))


def encode_merged(
    codec: SessionCodec, session: Any, scope: Scope, base: bytes, theirs: bytes
) -> bytes:
    """Return what this request and another one leave that both began with the same bytes.

    Raises:
        SessionDamagedError: What the other one has left cannot be decoded.
    """
    mine = decode(codec, encode(codec, session, scope))
    merged = merge(decode(codec, base), mine, decode_stored(codec, theirs))
    return encode(codec, merged, scope)
