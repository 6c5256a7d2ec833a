"""The one config: the cookie, the lifetime, the database and the rules of a session."""

from __future__ import annotations

from copy import copy
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from litestar.middleware import DefineMiddleware
from litestar.middleware.session.server_side import ServerSideSessionConfig

from litestar_sessions._drivers.closing import close_engines
from litestar_sessions._drivers.siblings import engines_for, opened_for_sessions
from litestar_sessions._requests.changing import HonoursChanges
from litestar_sessions._requests.checks import checked_policy
from litestar_sessions._requests.clients import make_recorder
from litestar_sessions._requests.encryption import EncryptsData, make_seals
from litestar_sessions._requests.errors import as_litestar_does
from litestar_sessions._requests.listeners import make_listeners
from litestar_sessions._requests.middleware import SQLAlchemySessionMiddleware
from litestar_sessions._requests.owners import make_owners
from litestar_sessions._requests.people import KnowsOwners
from litestar_sessions._requests.settings import PATIENCE, SessionSettings, creates_tables
from litestar_sessions._requests.showing import ShowsSettings
from litestar_sessions._requests.sizes import LimitsSizes
from litestar_sessions._requests.subclasses import REFUSED_IN_CONFIGS, RefusesOverrides
from litestar_sessions._requests.watching import IsWatched
from litestar_sessions._sql.keys import make_keys
from litestar_sessions._sql.types import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from litestar import Litestar
    from litestar.stores.base import Store
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    from typing_extensions import Self

    from litestar_sessions._drivers.engine_config import EngineConfig
    from litestar_sessions._requests.backend import StorageSessionBackend
    from litestar_sessions._requests.policy import OnConflict
    from litestar_sessions._sql.keys import SessionKeys

__all__ = ("SQLAlchemySessionConfig",)


def _default_model() -> type[Any]:
    # Not imported before it is wanted, so that its table is in the metadata of nobody else.
    from litestar_sessions.default_model import Session  # noqa: PLC0415

    return Session


@dataclass
class SQLAlchemySessionConfig(
    ShowsSettings,
    RefusesOverrides,
    HonoursChanges,
    KnowsOwners,
    LimitsSizes,
    IsWatched,
    EncryptsData,
    ServerSideSessionConfig,
):
    """Everything about the sessions of an application; use it wherever Litestar takes a config.

    Unlike Litestar's own it renews a session that is only read (``renew_on_access``).

    Raises:
        ConfigurationError: A setting cannot work; the message names the remedy.
    """

    _refused = REFUSED_IN_CONFIGS
    renew_on_access: bool = True
    """Whether reading a session prolongs its life; otherwise it is counted from the last change."""
    _: KW_ONLY
    alchemy_config: EngineConfig
    """What has the engine, async or sync: a config of this package, or of Advanced Alchemy."""
    model: type[Any] = field(default_factory=_default_model)
    """The mapped class of the session table; by default one named ``litestar_sessions``."""
    renewal_interval: float | None = None
    """How many seconds have to pass before renewal; by default a tenth of ``max_age``."""
    absolute_timeout: int | None = None
    """After how many seconds a session ends however busy it is; by default it does not."""
    persistent: bool = True
    """Whether the browser keeps the cookie when it is closed.

    Otherwise the cookie has no ``Max-Age``; its session expires as any other.
    """
    partitioned: bool = False
    """Whether the cookie is one per site that has pages of this one in its own (CHIPS)."""
    on_conflict: OnConflict = "merge"
    """What becomes of changes to a session that another request has changed meanwhile.

    ``"merge"`` saves the keys that were changed on top of what the other request left,
    ``"overwrite"`` saves the session as it is, ``"error"`` raises `SessionConflictError`.
    """
    hash_session_ids: bool = True
    """Whether the table holds digests of session IDs, so that whoever reads it has no session."""
    session_id_keys: Sequence[bytes | str] = field(default=(), repr=False)
    """Secrets for these digests (HMAC-SHA-256), the current one first, 32 bytes or more each.

    Sessions under a former secret live on, and get the current one when they are next written.
    """
    take_over: Literal["plain", "sha256", "hmac-sha256"] | None = None
    """How session IDs stand in a table that had other settings: such sessions are found too."""
    create_table: bool = False
    """Whether the table is created if it is missing."""
    own_pool: bool = True
    """Whether sessions on an engine of the application have a pool of connections of their own.

    Otherwise handlers that hold all of them keep every session waiting.
    """
    database_timeout: float = PATIENCE
    """How many seconds the database may take for one operation before the answer is 503."""
    shared_reads: bool = True
    """Whether requests that load sessions at the same time share a statement.

    Otherwise each statement is seen by itself, as in the trace of its request.
    """
    clock: Callable[[], datetime] = utc_now
    """What returns the current time, aware."""

    @as_litestar_does()
    def __post_init__(self) -> None:
        policy = checked_policy(self)  # before Litestar's checks, which name no remedy
        super().__post_init__()
        engine, patient_engine = self._open_engines()
        self.settings = SessionSettings(
            policy=policy,
            keys=self._make_keys(),
            seals=make_seals(self),
            alchemy=self.alchemy_config,
            engine=engine,
            patient_engine=patient_engine,
            model=self.model,
            clock=self.clock,
            patience=self.database_timeout,
            creates_table=self.create_table or creates_tables(self.alchemy_config),
            shares_reads=self.shared_reads,
            owners=make_owners(self.model, self.owner, self.max_sessions_per_owner),
            listeners=make_listeners(self, engine),
            recorder=make_recorder(self.model, self.record_client),
        )
        """What backends know of this config."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy that shares engine, model and keys."""
        duplicate = copy(self)
        memo[id(self)] = duplicate
        return duplicate

    @property
    def _backend_class(self) -> type[StorageSessionBackend[Any]]:  # type: ignore[override]  # a class attribute there; Litestar reads it from instances
        # Imported here because only the async half needs greenlet.
        if hasattr(self.engine, "sync_engine"):
            from litestar_sessions._async.backend import (  # noqa: PLC0415
                SQLAlchemyAsyncSessionBackend,
            )

            return SQLAlchemyAsyncSessionBackend
        from litestar_sessions._sync.backend import (  # noqa: PLC0415
            SQLAlchemySyncSessionBackend,
        )

        return SQLAlchemySyncSessionBackend

    def create_backend(self) -> StorageSessionBackend[Any]:
        """Return a backend, async or sync as the engine is."""
        return self._backend_class(config=self)

    @property
    def middleware(self) -> DefineMiddleware:
        """What goes into ``middleware=[...]`` of an application, router, controller or handler."""
        return DefineMiddleware(SQLAlchemySessionMiddleware, backend=self.create_backend())

    def get_store_from_app(self, app: Litestar) -> Store:  # noqa: ARG002 - Litestar's
        """Return the sessions as one of Litestar's stores, for its command line."""
        return self.create_backend().as_store()

    async def dispose(self) -> None:
        """Close the connections that were opened for sessions; leave the application's alone.

        The config may be used again and then opens new ones.
        """
        await self.settings.finish()
        engines = {self.settings.engine, self.settings.patient_engine or self.settings.engine}
        await close_engines(*opened_for_sessions(self.alchemy_config, engines))
        self.settings.forget_memory()

    def _open_engines(self) -> tuple[AsyncEngine | Engine, AsyncEngine | Engine]:
        patience, own_pool = self.database_timeout, self.own_pool
        return engines_for(self.alchemy_config, patience=patience, own_pool=own_pool)

    def _make_keys(self) -> SessionKeys:
        secrets, take_over = self.session_id_keys, self.take_over
        return make_keys(hash_ids=self.hash_session_ids, secrets=secrets, take_over=take_over)
