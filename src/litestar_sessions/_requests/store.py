"""The sessions as one of Litestar's stores, which is how its command line reaches them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from litestar.stores.base import Store

if TYPE_CHECKING:
    from datetime import datetime

    from litestar_sessions._requests.backend import StorageSessionBackend

__all__ = ("SessionStore",)


class SessionStore(Store):
    """A view of a session table; keys are session IDs, values are session data."""

    __slots__ = ("_backend",)

    def __init__(self, backend: StorageSessionBackend[Any]) -> None:
        self._backend = backend

    async def set(
        self, key: str, value: str | bytes, expires_in: int | timedelta | None = None
    ) -> None:
        """Replace the data of a session, or create it; it lives for ``max_age`` by default."""
        data = value.encode() if isinstance(value, str) else value
        await self._backend.ask("save", key, data, self._expiry(expires_in))

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        """Return the data of a live session, or ``None``; move its expiry if that is wanted."""
        if renew_for is None:
            session = await self._backend.ask("load", key)
        else:
            session = await self._backend.ask("load_and_touch", key, self._expiry(renew_for))
        return None if session is None else session.data

    async def delete(self, key: str) -> None:
        """Delete a session; do nothing if there is none."""
        await self._backend.ask("delete", key)

    async def delete_all(self) -> None:
        """Delete every session."""
        await self._backend.ask("delete_all")

    async def exists(self, key: str) -> bool:
        """Tell whether a session is live."""
        return await self._backend.ask("load", key) is not None

    async def expires_in(self, key: str) -> int | None:
        """Return for how many seconds a session lives on; ``None`` if there is none."""
        session = await self._backend.ask("load", key)
        if session is None:
            return None
        return int((session.expires_at - self._backend.clock()).total_seconds())

    def _expiry(self, seconds: float | timedelta | None) -> datetime:
        if seconds is None:
            return self._backend.next_expiry()
        lifetime = seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
        return self._backend.clock() + lifetime
