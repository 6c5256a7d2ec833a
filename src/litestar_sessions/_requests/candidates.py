"""Which session a visitor has, of all that the cookies name.

A browser sends several cookies of one name if they were set for several paths, or for the host and
its domain; which one was set for what, it does not tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.codec import decode_stored
from litestar_sessions._requests.listeners import warn_of_damage
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from litestar_sessions._requests.codec import SessionCodec
    from litestar_sessions._requests.listeners import Listeners
    from litestar_sessions._requests.settings import SessionSettings
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.records import StoredSession

__all__ = ("choose", "delete_each", "find", "session_ids_among")

MOST = 8
"""How many session IDs of one request are looked up: those of the last cookies."""


def session_ids_among(values: Sequence[str], codec: SessionCodec) -> Sequence[str]:
    """Return the cookies that may be session IDs, each once, and few: the last of them first."""
    session_ids = [value for value in values if codec.is_session_id(value)]
    if len(session_ids) > 1:
        return list(dict.fromkeys(reversed(session_ids)))[:MOST]
    return session_ids


async def find(
    storage: SessionStorage, session_ids: Sequence[str], listeners: Listeners | None
) -> dict[str, StoredSession | None]:
    """Return the sessions with these IDs that storage has; ``None`` for one that is damaged."""
    try:
        if len(session_ids) > 1:
            return dict(await storage.load_many(session_ids))
        stored = await storage.load(session_ids[0])
    except SessionDamagedError as error:
        if len(session_ids) == 1:
            warn_of_damage(error, listeners)
            return {session_ids[0]: None}
        found = [await find(storage, [session_id], listeners) for session_id in session_ids]
        return {session_id: stored for each in found for session_id, stored in each.items()}
    return {} if stored is None else {session_ids[0]: stored}


def choose(
    found: Mapping[str, StoredSession | None],
    codec: SessionCodec,
    settings: SessionSettings,
    now: datetime,
) -> tuple[str, dict[str, Any]] | None:
    """Return the first session that is not over and can be decoded, after its ID."""
    for session_id, stored in found.items():
        if stored is None or settings.policy.is_over(now, stored):
            continue
        try:
            return session_id, decode_stored(codec, stored.data)
        except SessionDamagedError as error:
            warn_of_damage(error, settings.listeners, stored)
    return None


async def delete_each(
    storage: SessionStorage, sessions: Mapping[str, StoredSession | None]
) -> None:
    """Delete sessions that were found under these IDs, whatever IDs they have by now."""
    for session_id, stored in sessions.items():
        if stored is not None and stored.id is not None:
            await storage.discard(stored, session_id)
        else:
            await storage.delete(session_id)
