"""How sessions are spelled: their IDs, and the bytes that storage keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from litestar_sessions._requests.policy import merge

if TYPE_CHECKING:
    from litestar.types import Scope

__all__ = ("Encoding", "SessionCodec")


class SessionCodec(Protocol):
    """What a class of backends decides, and its subclasses may decide otherwise."""

    def generate_session_id(self) -> str: ...

    def is_session_id(self, text: str) -> bool: ...

    def serialize_data(self, data: Any, scope: Scope | None = None) -> bytes: ...

    def deserialize_data(self, data: bytes) -> dict[str, Any]: ...


class Encoding:
    """How the sessions of one connection are spelled."""

    __slots__ = ("_codec", "_scope")

    def __init__(self, codec: SessionCodec, scope: Scope) -> None:
        self._codec = codec
        self._scope = scope

    def new_id(self) -> str:
        """Return a session ID that nobody knows."""
        return self._codec.generate_session_id()

    def encode(self, session: Any) -> bytes:
        """Return the bytes; what could not be loaded again is refused while somebody sees it.

        Raises:
            TypeError: It is neither a dictionary nor a model with fields.
        """
        data = self._codec.serialize_data(session, self._scope)
        if not isinstance(session, dict):
            self.decode(data)
        return data

    def decode(self, data: bytes) -> dict[str, Any]:
        """Return the session.

        Raises:
            TypeError: The bytes are no dictionary; other errors are those of the codec.
        """
        session = self._codec.deserialize_data(data)
        if not isinstance(session, dict):
            raise TypeError(
                f"A session is a dictionary, or a model with fields, and not a {type(session)}.",
            )
        return session

    def merged(self, session: Any, base: bytes, theirs: bytes) -> bytes:
        """Return what this request and another one leave that both began with the same bytes."""
        mine = self.decode(self.encode(session))
        return self.encode(
            merge(self.decode(base), mine, self.decode(theirs), self._codec.serialize_data)
        )
