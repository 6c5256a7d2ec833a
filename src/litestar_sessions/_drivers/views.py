"""How statements of sessions see an engine that others use in their own way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ("view_of",)


class _Log:
    """The log of an engine, but for the rows of its answers, which it has with ``DEBUG``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - that of a logger
        return level > logging.DEBUG and self._engine.logger.isEnabledFor(level)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine.logger, name)


def view_of(engine: Engine) -> tuple[Engine, bool]:
    """Return the engine as sessions have it, and whether it is in autocommit.

    Its log has no values, which are session IDs and data; what others do with the engine is logged
    as they want it.
    """
    base, is_autocommit = _in_autocommit(engine)
    view = base.execution_options()
    view.hide_parameters = True
    view.logger = _Log(engine)  # type: ignore[assignment]  # what SQLAlchemy asks a logger for
    return view, is_autocommit


def _in_autocommit(engine: Engine) -> tuple[Engine, bool]:
    """Return the engine, in autocommit if that costs nothing, and whether it is.

    A statement that is a transaction of its own needs no ``BEGIN``, ``COMMIT`` or ``ROLLBACK``.
    An engine that was created in autocommit stays as it is. PostgreSQL's drivers switch on the
    client's side; elsewhere switching there and back takes more round trips than it saves.
    """
    # No public attribute has the isolation level that was given to `create_engine`.
    if getattr(engine.dialect, "_on_connect_isolation_level", None) == "AUTOCOMMIT":
        return engine, True
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT"), True
    return engine, False
