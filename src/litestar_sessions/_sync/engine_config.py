# Generated from src/litestar_sessions/_async/engine_config.py (make generate): edit that, not this.
"""The engine config: how sessions reach their database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from litestar_sessions._sync.tables import create_missing
from litestar_sessions._drivers.closing import sync_close
from litestar_sessions._drivers.engines import SYNC, check_engine, open_engine
from litestar_sessions._drivers.galera import read_causally
from litestar_sessions.exceptions import ConfigurationError
from litestar_sessions.model import UUIDv7Base

if TYPE_CHECKING:
    from sqlalchemy import URL, MetaData
    from sqlalchemy import Engine

__all__ = ("SQLAlchemySyncConfig",)


class SQLAlchemySyncConfig:
    """An engine for sessions: one that is created here, or one that the application has.

    Args:
        connection_string: The URL of the database. The engine is created with the settings that
            suit sessions best: autocommit; on SQLite also WAL, a busy timeout, and one shared
            connection if the database is in memory.
        engine_instance: An engine of the application, used as it is.
        create_all: Whether a backend creates the table of its model, if it is missing, before its
            first statement.
        causal_reads: Whether statements on a node of a Galera cluster wait for what was committed
            on the others (``wsrep_sync_wait``), so that who signed in there is known here. It holds
            for connections that are opened for sessions, and not for those of ``engine_instance``.
        engine_options: Arguments for the creation of the engine, such as ``pool_size`` or ``echo``.

    Raises:
        ConfigurationError: There is not exactly one of URL and engine, the driver is of the other
            kind or is not installed, or options were given for an engine that exists already.
    """

    def __init__(
        self,
        connection_string: str | URL | None = None,
        *,
        engine_instance: Engine | None = None,
        create_all: bool = False,
        causal_reads: bool = True,
        **engine_options: Any,
    ) -> None:
        if (connection_string is None) is (engine_instance is None):
            raise ConfigurationError(
                "Hand in either connection_string= or engine_instance=, and not both.",
            )
        if engine_instance is not None and engine_options:
            raise ConfigurationError(
                f"The engine exists already: give {', '.join(engine_options)} to the function that "
                "creates it, or hand in connection_string= instead.",
            )
        self.create_all = create_all
        self.causal_reads = causal_reads
        self.owns_engine = engine_instance is None
        if connection_string is not None:
            engine = open_engine(SYNC, create_engine, connection_string, engine_options)
            self._engine = read_causally(engine, wanted=causal_reads)
        elif engine_instance is not None:
            self._engine = check_engine(SYNC, engine_instance)

    def get_engine(self) -> Engine:
        """Return the engine, the same one every time."""
        return self._engine

    def create_tables(self, metadata: MetaData = UUIDv7Base.metadata) -> None:
        """Create the tables that are missing; several processes may do so at once.

        Args:
            metadata: What to create; by default every model that builds on no other base.
        """
        create_missing(self._engine, metadata.create_all)

    def dispose(self) -> None:
        """Close the connections of an engine that was created here, and those for its requests.

        Any other engine is left alone.

        The engine may be used again and then opens new ones.
        """
        if self.owns_engine:
            sync_close(self._engine)
