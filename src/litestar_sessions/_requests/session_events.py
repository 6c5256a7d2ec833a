"""What an application can listen to: what befell its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("SessionEvent", "SessionEventKind", "SessionEventReason", "SessionListener")

SessionEventKind: TypeAlias = Literal[
    "created",
    "renewed",
    "changed",
    "merged",
    "rotated",
    "ended",
    "conflict",
    "too_large",
    "undecodable",
    "unavailable",
    "available",
]
SessionEventReason: TypeAlias = Literal[
    "signed_out", "withdrawn", "expired", "owner", "administrator", "over_limit", "rights", "time"
]


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """What befell a session, or several at once; nothing in it lets anybody into one."""

    kind: SessionEventKind
    """``created``, ``renewed``, ``changed``, ``rotated`` and ``ended`` are in the table by then.

    ``merged`` follows a ``changed`` that was put on top of what another request had saved.
    ``conflict`` and ``too_large``: changes were refused. ``undecodable``: a visitor gets a new
    session in place of this one. ``unavailable`` and ``available``: the database has ceased to
    answer, and answers again.
    """
    at: datetime
    """Aware, in UTC, by the clock of the config."""
    id: Any = None
    """The primary key of the row; ``None`` if the event is not about one row, or the statement did
    not tell which."""
    owner: str | None = None
    """Whose the session is, and of one that has ended whose it was; ``None`` also if the statement
    did not tell."""
    reason: SessionEventReason | None = None
    """Why a session has ended, or has another ID.

    Ended: ``signed_out`` (the application has cleared it), ``owner`` (from another session of its
    owner), ``administrator`` (by the config, a store or a command), ``over_limit``
    (``max_sessions_per_owner``), ``expired`` (told when the row is deleted), ``withdrawn`` (no
    response has told anybody of it). Rotated: ``rights`` or ``time``.
    """
    count: int = 1
    """How many sessions it is about, where one statement has ended several."""


class SessionListener(Protocol):
    """Anything that can be called with an event; it is called in a thread that no request has."""

    def __call__(self, event: SessionEvent, /) -> object: ...
