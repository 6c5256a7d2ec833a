"""Asking a storage of either half from a program that has no event loop."""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from litestar_sessions._async.storage import AsyncSessionStorage
    from litestar_sessions._requests.session_events import SessionEventReason
    from litestar_sessions._sync.storage import SyncSessionStorage
    from litestar_sessions.config import SQLAlchemySessionConfig

    Storage = AsyncSessionStorage | SyncSessionStorage

__all__ = ("Operator",)


class Operator:
    """Has a storage for the sessions of a config, without the limits that requests have.

    Args:
        config: That of the application.
    """

    def __init__(self, config: SQLAlchemySessionConfig) -> None:
        self.config = config
        self.storage = _storage_of(config)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self.config.dispose())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def do(self, verb: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Return the answer of a verb of the storage."""
        answer = verb(*arguments, **options)
        return self._loop.run_until_complete(answer) if isawaitable(answer) else answer

    def tell_ended(self, count: int, reason: SessionEventReason, owner: str | None = None) -> None:
        """Have the application's listeners told that sessions were ended, if any were."""
        if count and self.config.settings.listeners is not None:
            self.config.settings.listeners.tell("ended", owner=owner, reason=reason, count=count)

    def prepare(self) -> None:
        """Create the table if the config says so, and see that it has what sessions need.

        Raises:
            ConfigurationError: It has not; the message says what to do.
        """
        if self.config.settings.creates_table:
            self.do(self.storage.create_table)
        self.do(self.storage.check_table)


def _storage_of(config: SQLAlchemySessionConfig) -> Storage:
    settings = config.settings
    engine = settings.patient_engine or settings.engine
    if isinstance(engine, Engine):
        from litestar_sessions._sync.storage import SyncSessionStorage  # noqa: PLC0415 - as below

        return SyncSessionStorage(engine, settings.model, clock=settings.clock, keys=settings.keys)
    # Imported here because only the async half needs greenlet.
    from litestar_sessions._async.storage import AsyncSessionStorage  # noqa: PLC0415

    return AsyncSessionStorage(engine, settings.model, clock=settings.clock, keys=settings.keys)
