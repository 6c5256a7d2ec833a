"""The sessions as one of Litestar's stores, which is how its command line reaches them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from litestar.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.details import SessionDetails

__all__ = ("SessionStore",)


class SessionStore(Store):
    """A view of a session table; keys are session IDs, values are session data.

    Args:
        storage: Where the sessions are.
        clock: What returns the current time, aware.
        lifetime: How long a session lives that is set without a time of its own.
        details_of: What is written with the data of a session.
    """

    __slots__ = ("_clock", "_details_of", "_lifetime", "storage")

    def __init__(
        self,
        storage: SessionStorage,
        clock: Callable[[], datetime],
        lifetime: timedelta,
        details_of: Callable[[bytes], SessionDetails | None],
    ) -> None:
        self._details_of = details_of
        self.storage = storage
        self._clock = clock
        self._lifetime = lifetime

    async def set(
        self, key: str, value: str | bytes, expires_in: int | timedelta | None = None
    ) -> None:
        """Replace the data of a session, or create it; it lives for ``lifetime`` by default."""
        data = value.encode() if isinstance(value, str) else value
        details = self._details_of(data)
        await self.storage.save(key, data, self._expiry(expires_in), details=details)

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        """Return the data of a live session, or ``None``; move its expiry if that is wanted."""
        if renew_for is None:
            session = await self.storage.load(key)
        else:
            session = await self.storage.load_and_touch(key, self._expiry(renew_for))
        return None if session is None else session.data

    async def delete(self, key: str) -> None:
        """Delete a session; do nothing if there is none."""
        await self.storage.delete(key)

    async def delete_all(self) -> None:
        """Delete every session."""
        await self.storage.delete_all()

    async def exists(self, key: str) -> bool:
        """Tell whether a session is live."""
        return await self.storage.load(key) is not None

    async def expires_in(self, key: str) -> int | None:
        """Return for how many seconds a session lives on; ``None`` if there is none."""
        session = await self.storage.load(key)
        if session is None:
            return None
        return int(session.seconds_left(self._clock()))

    def _expiry(self, seconds: float | timedelta | None) -> datetime:
        if isinstance(seconds, timedelta):
            return self._clock() + seconds
        lifetime = self._lifetime if seconds is None else timedelta(seconds=seconds)
        return self._clock() + lifetime
