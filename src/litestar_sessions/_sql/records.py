"""What a database answers, and what the verbs of a storage make of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from litestar_sessions._sql.details import details_of
from litestar_sessions._sql.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.seal import Seal

T = TypeVar("T")

__all__ = (
    "Reply",
    "StoredSession",
    "again",
    "inserted_id",
    "rows_affected",
    "stored_session",
    "stored_sessions",
    "whole",
)

_VERSION_WITH_TIME = 7


class Reply(NamedTuple):
    """What a database answers to a statement."""

    rows: Sequence[Sequence[Any]]
    affected: int
    """How many rows the statement matched."""
    primary_key: Any = None
    """That of the row that was inserted, where the database made it."""
    is_again: bool = False
    """Whether the statement was sent before, and what became of that is not known."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """What storage has of a live session."""

    data: bytes = field(repr=False)
    expires_at: datetime
    """Aware, in UTC."""
    id: Any = field(default=None, compare=False)
    """The primary key of the row, which stays when the session gets another session ID."""
    key: str = field(default="", compare=False, repr=False)
    """What the column ``session_id`` holds."""
    details: SessionDetails | None = field(default=None, compare=False, repr=False)
    """What the row says of the session beyond that, where it was asked for."""
    seal: Seal | None = field(default=None, compare=False, repr=False)
    """How its data is encrypted, if it is."""

    @property
    def is_readable(self) -> bool:
        """Whether the data can be read; if it cannot, asking for it is a `SessionDamagedError`."""
        return True

    @property
    def created_at(self) -> datetime | None:
        """When the session was created, to the millisecond; ``None`` if the row does not tell.

        A UUIDv7 begins with the time in milliseconds (RFC 9562, section 5.7).
        """
        if isinstance(self.id, UUID) and self.id.version == _VERSION_WITH_TIME:
            return datetime.fromtimestamp((self.id.int >> 80) / 1000, timezone.utc)
        return None

    def seconds_left(self, now: datetime) -> float:
        """Return how long the session lives from then on."""
        return (self.expires_at - now).total_seconds()


def stored_session(reply: Reply, names: Sequence[str] = ()) -> StoredSession | None:
    """Return the session in a reply, or ``None``; columns of these names follow the four.

    Of several rows, each under a key of its own, that one wins which expires last: it is the one
    that was written last, so that nobody misses what a response has acknowledged.

    Raises:
        Exception: A column holds something else than a session has there.
    """
    rows = reply.rows
    if not rows:
        return None
    row = rows[0] if len(rows) == 1 else max(rows, key=_last_written)
    primary_key, key, data, expires_at, *more = row
    if not isinstance(data, bytes):
        data = bytes(memoryview(data))  # which a text and a number are not
    details = details_of(names, more) if more else None
    return StoredSession(data, as_utc(expires_at), primary_key, key, details)


def _last_written(row: Sequence[Any]) -> tuple[datetime, str]:
    _, key, _, expires_at, *_ = row
    return as_utc(expires_at), key  # of two at the same moment it is always the same one


def stored_sessions(
    reply: Reply, keys: Mapping[str, Iterable[str]], names: Sequence[str] = ()
) -> dict[str, StoredSession]:
    """Return the sessions in a reply, by IDs of which each has its keys, in the order of these."""
    rows_by_key = {row[1]: row for row in reply.rows}
    sessions = {}
    for session_id, known in keys.items():
        rows = [rows_by_key[key] for key in known if key in rows_by_key]
        session = stored_session(Reply(rows, len(rows)), names)
        if session is not None:
            sessions[session_id] = session
    return sessions


def again(answer: Callable[[Reply], T]) -> Callable[[Reply], T]:
    """Return what makes the same of a reply to a statement that was sent before."""
    return lambda reply: answer(reply._replace(is_again=True))


def rows_affected(reply: Reply) -> int:
    """Return how many rows the statement matched."""
    return reply.affected


def inserted_id(reply: Reply) -> Any:
    """Return the ``id`` that the database gave to a new row; ``None`` if it did not."""
    return reply.primary_key


def whole(reply: Reply) -> Reply:
    """Return the reply as it is."""
    return reply
