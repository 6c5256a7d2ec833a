"""The settings for whose sessions these are, and what can be asked of a config about them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.owners import as_owner
from litestar_sessions._requests.policy import ROTATION_GRACE
from litestar_sessions._requests.told import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.connection import ASGIConnection

    from litestar_sessions._requests.backend import StorageSessionBackend
    from litestar_sessions._sql.infos import SessionInfo

__all__ = ("KnowsOwners",)


@dataclass
class KnowsOwners:
    """A config that knows the owners of its sessions."""

    _: KW_ONLY
    owner: str | Callable[[dict[str, Any]], str | None] | None = None
    """Whose a session is: the key that tells, or what returns the owner of one, a string.

    A session that gets another owner gets another session ID with it.
    """
    max_sessions_per_owner: int | None = None
    """How many live sessions an owner may have; signing in ends the oldest ones beyond."""
    record_client: bool | Callable[[ASGIConnection[Any, Any, Any, Any]], str | None] = False
    """Whether user agent and IP address are kept; a function returns the address behind a proxy."""

    rotation_interval: float | None = None
    """After how many seconds a session that is used gets another session ID; by default never."""
    rotation_grace: float = ROTATION_GRACE
    """For how many seconds requests that left with the session ID of before are recognised.

    After a rotation by time they have the session; after any other they are strangers, but do not
    take the cookie of the new ID from the browser.
    """

    if TYPE_CHECKING:

        def create_backend(self) -> StorageSessionBackend[Any]: ...

    async def list_sessions(self, owner: str, limit: int = 100) -> list[SessionInfo]:
        """Return the live sessions of an owner, those first that were signed in last.

        Raises:
            SessionUnavailableError: The database did not answer.
            SessionDatabaseError: The model has no owners.
        """
        whose = as_owner(owner)
        backend = self.create_backend()
        if whose is None:
            return []
        infos = await backend.storage.list_owned(whose, limit=limit)
        return backend.policy.not_over(backend.clock(), infos)

    async def end_sessions(self, owner: str) -> int:
        """End every session of an owner at once; return how many there were.

        Raises:
            SessionUnavailableError: The database did not answer.
            SessionDatabaseError: The model has no owners.
        """
        whose = as_owner(owner)
        if whose is None:
            return 0
        backend = self.create_backend()
        return await told(backend.storage, backend.settings.listeners).end_owned(whose)
