"""The methods of a backend that a subclass has overridden, as a storage calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from litestar_sessions._requests.errands import Errand
from litestar_sessions._requests.events import warn
from litestar_sessions.exceptions import ConfigurationError, SessionDamagedError, SessionExistsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.stores.base import Store

__all__ = ("BackendMethods", "MethodCalls")


class BackendMethods(Protocol):
    """The methods of a backend that a subclass may override."""

    async def get(self, session_id: str, store: Store) -> bytes | None: ...

    async def set(self, session_id: str, data: bytes, store: Store) -> None: ...

    async def delete(self, session_id: str, store: Store) -> None: ...

    async def delete_all(self, store: Store) -> None: ...

    def is_session_id(self, text: str) -> bool: ...

    @property
    def makes_own_ids(self) -> bool: ...


class MethodCalls:
    """Calls the methods of a backend, and has done what they do below their overrides.

    An error of that is raised, whatever the override makes of it.

    Args:
        backend: Whose methods are called.
        store: What they get as ``store``, which is a part of Litestar's interface.
    """

    def __init__(self, backend: BackendMethods, store: Store) -> None:
        self.backend = backend
        self._store = store

    async def get(
        self, session_id: str, look: Callable[[str], Awaitable[bytes | None]]
    ) -> bytes | None:
        """Return the data of a session; ``look`` is done in any case if there is some.

        Raises:
            SessionDamagedError: The override cannot do with the data what it does with others.
        """
        errand = Errand(self.backend, "get", look)
        try:
            data: bytes | None = await errand.entrust(
                lambda: self.backend.get(session_id, store=self._store)
            )
        except Exception as error:
            if errand.error is not None or errand.answer is None:
                raise
            # A seal that is broken, or was made with another key.
            raise SessionDamagedError from error
        if data is not None and not errand.was_called:
            # It answered by itself, from a cache say; whether the session is live tells its row.
            await look(session_id)
        return data

    async def set(
        self, session_id: str, data: bytes, save: Callable[[str, bytes], Awaitable[None]]
    ) -> None:
        """Have data saved.

        Raises:
            ConfigurationError: The override has it not saved.
        """
        errand = Errand(self.backend, "set", save)
        await errand.entrust(lambda: self.backend.set(session_id, data, store=self._store))
        if not errand.was_called:
            raise ConfigurationError(
                f"{self._name}.set has not called super().set(session_id, data, store), and so "
                "there is no row: without one a session is not live. Let it call that.",
            )

    async def delete(self, session_id: str, delete: Callable[[str], Awaitable[None]]) -> None:
        """Have a session deleted, also if the override does not."""
        errand = Errand(self.backend, "delete", delete)
        try:
            await errand.entrust(lambda: self.backend.delete(session_id, store=self._store))
        finally:
            if not errand.was_called:
                await delete(session_id)

    async def delete_all(self, delete: Callable[[str], Awaitable[int]]) -> int:
        """Have every session deleted, also if the override does not; return how many there were."""
        errand = Errand(self.backend, "delete_all", delete)
        try:
            await errand.entrust(lambda: self.backend.delete_all(self._store))
        finally:
            if not errand.was_called:
                await errand.do("")
        return int(errand.answer)

    async def forget(self, session_id: str) -> None:
        """Tell an override of an ID that was rotated; its row has the new one already."""

        async def do_nothing(_session_id: str) -> None: ...

        try:
            await self.delete(session_id, do_nothing)
        except Exception as error:  # noqa: BLE001 - the visitor needs the new ID nevertheless
            warn("not_forgotten", f"{self._name}.delete failed on an ID that was rotated", error)

    def check_id(self, session_id: str) -> None:
        """Refuse the ID of a new session that would be lost at once.

        Raises:
            ConfigurationError: The message says what IDs there may be.
        """
        if not self.backend.is_session_id(session_id):
            raise ConfigurationError(
                f"{self._name}.generate_session_id makes IDs that are not looked up: let them have "
                "1 to 255 characters that may stand in a cookie, without %, or override "
                "is_session_id too.",
            )

    def refuse_known_id(self, error: SessionExistsError) -> None:
        """Raise another error if it is the class that has made the ID of another session."""
        if self.backend.makes_own_ids:
            raise ConfigurationError(
                f"{self._name}.generate_session_id has made the ID of another session: let each "
                "one have 128 random bits.",
            ) from error

    @property
    def _name(self) -> str:
        return type(self.backend).__name__
