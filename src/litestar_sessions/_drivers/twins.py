"""An engine that is another one in everything but its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.base import OptionEngine
from sqlalchemy.pool.base import _AdhocProxiedConnection

from litestar_sessions._drivers.forks import safe_to_fork

if TYPE_CHECKING:
    from sqlalchemy.pool import Pool

__all__ = ("Initialization", "twin")


def twin(engine: Engine) -> Engine:
    """Return an engine with a pool of its own that is like that of another engine.

    Both have one dialect, and hear the same listeners of statements. The listeners of the pool are
    those that it has now.
    """
    return safe_to_fork(_Twin(engine))


class _Twin(OptionEngine):
    # That of SQLAlchemy shares the pool too.
    pool: Pool = None  # type: ignore[assignment]  # hides a property
    dispose = Engine.dispose

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, {})
        self.pool = engine.pool.recreate()


class Initialization:
    """Sees to it that no connection of an engine or its twins is used with half a dialect.

    SQLAlchemy has the first connection tell the dialect about the server. A pool makes its other
    connections wait for that; the pool of a twin would not.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_complete = False
        self.is_contended = False
        """Whether there are twins."""

    def complete(self, connection: Any, record: Any) -> None:
        """Listen to the pools: complete what another connection may be about to do."""
        if self.is_contended and not self._is_complete:
            proxy = _AdhocProxiedConnection(connection, record)
            dialect = self._engine.dialect
            dialect.initialize(
                Connection(
                    self._engine,
                    connection=proxy,
                    _has_events=False,
                    _allow_revalidate=False,
                    _allow_autobegin=False,
                )
            )
            dialect.do_rollback(proxy)
        self._is_complete = True
