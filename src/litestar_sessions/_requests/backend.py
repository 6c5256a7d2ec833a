"""The face of both backends: what Litestar awaits, done by a storage of either half."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from litestar_sessions._drivers.engine_config import SQLAlchemyConfigT
from litestar_sessions._requests.asked import AskedSession
from litestar_sessions._requests.backend_base import SQLAlchemySessionBackendBase
from litestar_sessions._requests.chains import chain_of
from litestar_sessions._requests.copies import add_session, find_session, follow_connections
from litestar_sessions._requests.errands import errand_of
from litestar_sessions._requests.errors import as_litestar_does
from litestar_sessions._requests.listeners import warn_of_damage
from litestar_sessions._requests.overridden import OverriddenStorage
from litestar_sessions._requests.renewals import load_and_renew
from litestar_sessions._requests.sending import restore_when_sent
from litestar_sessions._requests.settings import own_settings
from litestar_sessions._requests.store import SessionStore
from litestar_sessions._requests.subclasses import REFUSED, RefusesOverrides, overrides_storage
from litestar_sessions._requests.told import told
from litestar_sessions._requests.tracking import TrackedSession
from litestar_sessions.exceptions import (
    ConfigurationError,
    SessionDamagedError,
    SessionDatabaseError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.connection import ASGIConnection
    from litestar.middleware.session.server_side import ServerSideSessionConfig
    from litestar.stores.base import Store
    from litestar.types import Message, Scope, ScopeSession

    from litestar_sessions._requests.storage import SessionStorage

    Connection = ASGIConnection[Any, Any, Any, Any]

__all__ = ("StorageSessionBackend",)


class StorageSessionBackend(RefusesOverrides, SQLAlchemySessionBackendBase[SQLAlchemyConfigT]):
    """A backend whose sessions are in a storage.

    Litestar's ``store`` arguments are not used. If the config says so, the first operation creates
    the table if it is missing.

    Raises:
        ConfigurationError: As by the base; or the engine is of the other kind, or the model cannot
            hold sessions.
    """

    _refused = REFUSED

    @as_litestar_does()
    def __init__(
        self,
        config: ServerSideSessionConfig,
        alchemy_config: SQLAlchemyConfigT | None = None,
        model: type[Any] | None = None,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(config, alchemy_config, model, clock=clock)
        follow_connections()
        chain = chain_of(self._open_storage(), self.settings)
        self._storage, self._load = chain.for_others, chain.load
        self.storage = chain.for_requests
        """The storage as requests ask it: it answers in time, or is unavailable."""
        self._is_overridden = overrides_storage(type(self), StorageSessionBackend, self.policy)
        if own_settings(config) is None:
            # Litestar's own would name a store of the application's, in which no session is.
            config.get_store_from_app = lambda _app: self.as_store()  # type: ignore[assignment,method-assign]  # of this config

    @abstractmethod
    def _open_storage(self) -> SessionStorage:
        """Return the storage that the settings ask for."""

    def open_session(self, scope: Scope) -> AskedSession:
        """Return a session for a connection, which is not loaded yet."""
        storage = self.as_store().storage if self._is_overridden else self.storage
        tracked = TrackedSession(self, self.settings, storage, scope)
        return add_session(scope, AskedSession(self.config, tracked, scope))

    def as_store(self) -> SessionStore:
        """Return the sessions as one of Litestar's stores."""
        lifetime = timedelta(seconds=self.config.max_age)
        storage = told(self.storage, self.settings.listeners)
        store = SessionStore(storage, self.clock, lifetime, self.details_of)
        if self._is_overridden:
            store.storage = OverriddenStorage(self, self.storage, store)
        return store

    async def load_from_connection(self, connection: Connection) -> dict[str, Any]:
        """Return the session that the connection's cookie names, or an empty one.

        What cannot be a session ID is not looked up. If the database does not answer, the session
        that is returned raises when it is used.
        """
        return await self.open_session(connection.scope).load()  # type: ignore[return-value]  # the stand-in is no dict on purpose

    def get_session_id(self, connection: Connection) -> str:
        """Return the ID of the connection's session; a new session's is one that nobody knows."""
        session = find_session(self, connection.scope)
        if session is not None:
            return session.session_id
        # Litestar's test client asks before anything is loaded.
        return connection.get_session_id() or self.generate_session_id()

    async def store_in_message(
        self, scope_session: ScopeSession, message: Message, connection: Connection
    ) -> None:
        """Let storage have the session, and add to the message what the browser has to know.

        Raises:
            SessionUnavailableError: The database did not answer.
            SessionConflictError: Other requests have changed the session, and went before.
        """
        restore_when_sent(message, connection)
        try:
            session = await self._loaded(scope_session, connection.scope)
            changed: Any = await session.respond(message)
        except Exception:
            # Litestar takes the response for started, but nothing was sent.
            connection._connection_state.response_started = False  # noqa: SLF001
            raise
        message["headers"][:] = changed["headers"]  # type: ignore[typeddict-item,index]  # the message starts a response

    async def _loaded(self, scope_session: ScopeSession, scope: Scope) -> AskedSession:
        session = find_session(self, scope)
        if session is not None:
            return session
        if scope.get("session") is not None:
            raise ConfigurationError(
                f"{type(self).__name__}.load_from_connection has not called "
                "super().load_from_connection(connection): without that there is no session.",
            )
        # Litestar's test client sets the data of a session that it has not loaded.
        session = self.open_session(scope)
        await session.load()
        scope["session"] = scope_session
        return session

    async def get(self, session_id: str, store: Store | None = None) -> bytes | None:  # noqa: ARG002 - Litestar's
        """Return the data of a live session; ``None`` if there is none, or its row is damaged.

        The expiry moves only with ``renew_on_access``, and not beyond the absolute timeout.
        """
        if errand := errand_of(self, "get", session_id):
            return cast("bytes | None", await errand.do(session_id))
        try:
            if self.config.renew_on_access:
                now = self.clock()
                session = await load_and_renew(self._storage, session_id, self.policy, now)
            else:
                session = await self._load(session_id)
            data = None if session is None else session.data
        except SessionDamagedError as error:
            warn_of_damage(error, self.settings.listeners)
            return None
        return data

    async def set(self, session_id: str, data: bytes, store: Store | None = None) -> None:  # noqa: ARG002 - Litestar's
        """Replace the data of a session, expired or not, or create it; it lives for ``max_age``."""
        if errand := errand_of(self, "set", session_id):
            await errand.do(session_id, data)
        else:
            expires_at, details = self.next_expiry(), self.details_of(data)
            await self._storage.save(session_id, data, expires_at, details=details)

    async def delete(self, session_id: str, store: Store | None = None) -> None:  # noqa: ARG002 - Litestar's
        """Delete a session; do nothing if there is none."""
        errand = errand_of(self, "delete", session_id)
        await (errand.do(session_id) if errand else self._storage.delete(session_id))

    async def delete_all(self, store: Store | None = None) -> None:  # noqa: ARG002 - Litestar's
        """Delete every session."""
        errand = errand_of(self, "delete_all", "")
        await (errand.do("") if errand else self._storage.delete_all())

    async def delete_expired(self) -> int:
        """Delete every expired session but those that are saved meanwhile; return the number."""
        return await self._storage.delete_expired()

    async def prepare(self) -> None:
        """Create the table if the config says so, and see that it has what sessions need.

        Raises:
            ConfigurationError: It has not; the message says what to do.
            SessionUnavailableError: The database did not answer.
        """
        try:
            await self.storage.check_table()
        except SessionDatabaseError as error:
            raise ConfigurationError(str(error)) from error.__cause__
