"""Sessions whose data cannot be read, though the rest of their rows can."""

from __future__ import annotations

from dataclasses import fields

from litestar_sessions._sql.records import StoredSession
from litestar_sessions.exceptions import SessionDamagedError

__all__ = ("DamagedSession",)


class DamagedSession(StoredSession):
    """What storage has of a session whose data was not written for it.

    Whoever asks for the data gets the error; those who do not need it go on.

    Args:
        session: The rest of the row.
        why: What the error says.
    """

    __slots__ = ("_why",)
    _why: str

    def __init__(self, session: StoredSession, why: str) -> None:
        for field in fields(session):
            if field.name != "data":
                object.__setattr__(self, field.name, getattr(session, field.name))
        object.__setattr__(self, "_why", why)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def data(self) -> bytes:
        """The data.

        Raises:
            SessionDamagedError: Always; the message says why.
        """
        raise SessionDamagedError(self._why)

    @property
    def is_readable(self) -> bool:
        """Whether it has data."""
        return False
