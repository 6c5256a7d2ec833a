"""What a config says to backends, as a value: they know this, and not the class of the config."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from litestar_sessions._drivers.forks import is_in_memory
from litestar_sessions._drivers.siblings import engines_for
from litestar_sessions._requests.endings import Endings
from litestar_sessions._requests.health import Health
from litestar_sessions._requests.rules import make_policy
from litestar_sessions._sql.details import FORMER
from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys
from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import SessionTable
from litestar_sessions._sql.types import utc_now
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from litestar.middleware.session.server_side import ServerSideSessionConfig
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._drivers.engine_config import EngineConfig
    from litestar_sessions._requests.clients import ClientRecorder
    from litestar_sessions._requests.listeners import Listeners
    from litestar_sessions._requests.owners import Owners
    from litestar_sessions._requests.policy import SessionPolicy
    from litestar_sessions._requests.telemetry import Telemetry
    from litestar_sessions._sql.seals import Seals

__all__ = (
    "PATIENCE",
    "SessionSettings",
    "TableState",
    "creates_tables",
    "own_settings",
    "settings_of",
)

PATIENCE = 10.0


@dataclass
class TableState:
    """Whether the table is known to be there; whatever works on one table shares it."""

    is_ready: bool = False


@dataclass(eq=False)
class SessionSettings:
    """Where sessions are, and the rules for them, which alone may change."""

    alchemy: EngineConfig
    """What has the engine."""
    engine: AsyncEngine | Engine
    """The engine through which requests reach the sessions: that one, or its sibling."""
    model: type[Any]
    """The mapped class of the session table."""
    policy: SessionPolicy
    keys: SessionKeys = PLAIN_KEYS
    """How session IDs are spelled in the table."""
    seals: Seals | None = None
    """How data is encrypted in the table, if it is."""
    clock: Callable[[], datetime] = utc_now
    """What returns the current time, aware."""
    patience: float = PATIENCE
    """How many seconds the database may take for one operation of a request."""
    creates_table: bool = False
    """Whether the table is created if it is missing."""
    shares_reads: bool = True
    """Whether loads that are asked for at the same time are answered by one statement."""
    table: TableState = field(default_factory=TableState)
    patient_engine: AsyncEngine | Engine | None = None
    """The engine for creating tables and deleting many sessions; by default that of requests."""
    health: Health = field(default_factory=Health)
    """What is known of the database; whatever asks it shares it."""
    owners: Owners | None = None
    """How the owner of a session is found, if that is wanted."""
    recorder: ClientRecorder | None = None
    """What finds user agent and IP address, if that is wanted."""
    listeners: Listeners | None = None
    """Who is told of events, if anybody listens."""
    endings: Endings = field(default_factory=Endings)
    """The sessions that are being ended for requests that were cancelled."""

    def __post_init__(self) -> None:
        """Refuse a table that is to be created and cannot be, or lacks what a setting needs.

        Raises:
            ConfigurationError: The message names the remedy.
        """
        self.health.listeners = self.listeners
        sessions = SessionTable(self.model)
        if self.creates_table:
            sessions.check_creation(self.engine.dialect)
        self.has_lifetimes = sessions.lifetime is not None
        """Whether each session may have a lifetime of its own."""
        self.remembers_former = sessions.remembers_former
        """Whether a row tells of the session ID that its session had before."""
        if self.policy.rotation_interval is not None:
            require_extras(sessions, "rotation_interval=", *FORMER)

    @property
    def telemetry(self) -> Telemetry | None:
        """What measures operations, if that is wanted."""
        return None if self.listeners is None else self.listeners.telemetry

    @property
    def details(self) -> tuple[str, ...]:
        """What is loaded with each session, besides data and expiry."""
        return (
            *(("owner", "signed_in_at") if self.owners else ()),
            *(("lifetime", "persistent") if self.has_lifetimes else ()),
            *(FORMER if self.policy.rotation_interval else ()),
        )

    @property
    def recognises_late(self) -> bool:
        """Whether a request with the session ID of before is recognised for a while."""
        return self.remembers_former and bool(self.policy.rotation_grace)

    async def finish(self) -> None:
        """Wait for what is still to be ended, and told."""
        await self.endings.wait()
        if self.listeners is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.listeners.close)

    def forget_memory(self) -> None:
        """Know that a table in memory is gone, as it is when its connection is closed."""
        if is_in_memory(self.engine):
            self.table.is_ready = False


def settings_of(
    config: ServerSideSessionConfig,
    alchemy: EngineConfig | None = None,
    model: type[Any] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> SessionSettings:
    """Return the settings that a config has; of Litestar's own and the other arguments make some.

    Raises:
        ConfigurationError: Engine config or model are missing, or are there twice, or a session of
            ``config.max_age`` would expire after the last timestamp.
    """
    settings = own_settings(config)
    if settings is not None:
        if alchemy is not None or model is not None:
            raise ConfigurationError(
                "A SQLAlchemySessionConfig has alchemy_config and model: leave them out here.",
            )
        return settings if clock is None else replace(settings, clock=clock)
    if alchemy is None or model is None:
        raise ConfigurationError(
            "Hand in alchemy_config= and model=, or a SQLAlchemySessionConfig, which has them.",
        )
    return _make_settings(config, alchemy, model, clock or utc_now)


def _make_settings(
    config: ServerSideSessionConfig,
    alchemy: EngineConfig,
    model: type[Any],
    clock: Callable[[], datetime],
) -> SessionSettings:
    engine, patient_engine = engines_for(alchemy, patience=PATIENCE, own_pool=False)
    return SessionSettings(
        alchemy,
        engine,
        model,
        # Litestar's own middleware saves a session with each response, so that reading prolongs its
        # life; with Litestar's own config it does so here too.
        make_policy(clock(), max_age=config.max_age),
        clock=clock,
        creates_table=creates_tables(alchemy),
        patient_engine=patient_engine,
    )


def own_settings(config: ServerSideSessionConfig) -> SessionSettings | None:
    """Return the settings that a config has itself; Litestar's plain one has none."""
    settings = getattr(config, "settings", None)
    return settings if isinstance(settings, SessionSettings) else None


def creates_tables(alchemy: EngineConfig) -> bool:
    """Tell whether an engine config asks for its tables to be created."""
    return getattr(alchemy, "create_all", False)
