"""What is told of a session to its owner: everything but its ID and its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar_sessions._sql.details import details_of
from litestar_sessions._sql.records import StoredSession
from litestar_sessions._sql.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from litestar_sessions._sql.records import Reply

__all__ = ("SessionInfo", "session_infos")


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One of the live sessions of an owner; nothing in it lets anybody into the session."""

    id: Any
    """The primary key, by which `end_session` ends it: it may go into a page."""
    owner: str
    created_at: datetime | None
    """Aware, in UTC, like all that follow; ``None`` where the primary key is no UUIDv7."""
    signed_in_at: datetime | None
    """``None`` if the session had its owner before owners were written."""
    last_seen_at: datetime | None
    """When it was made, changed or renewed last; as fine as ``renewal_interval``."""
    expires_at: datetime
    user_agent: str | None
    """As the browser names itself; only with ``record_client``, like the address."""
    ip_address: str | None
    is_current: bool = False
    """Whether it is the session of the connection that asks."""


def session_infos(reply: Reply, names: Sequence[str]) -> list[SessionInfo]:
    """Return what the rows of a reply tell; columns of these names follow key and expiry."""
    return [_info(row, names) for row in reply.rows]


def _info(row: Sequence[Any], names: Sequence[str]) -> SessionInfo:
    primary_key, expires_at, *columns = row
    details = details_of(names, columns)
    session = StoredSession(b"", as_utc(expires_at), primary_key)
    return SessionInfo(
        id=primary_key,
        owner=details["owner"] or "",
        created_at=session.created_at,
        signed_in_at=details.get("signed_in_at"),
        last_seen_at=details.get("last_seen_at"),
        expires_at=session.expires_at,
        user_agent=details.get("user_agent"),
        ip_address=details.get("ip_address"),
    )
