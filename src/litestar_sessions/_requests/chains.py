"""What stands around the storage of a backend: the table, the time, and those who are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from litestar_sessions._requests.guards import LimitedStorage, TableCreatingStorage
from litestar_sessions._requests.sharing import loader_of
from litestar_sessions._requests.told import told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar_sessions._requests.settings import SessionSettings
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.records import StoredSession

__all__ = ("Chain", "chain_of")


class Chain(NamedTuple):
    """A storage, in the forms in which it is asked."""

    for_requests: SessionStorage
    """It answers in time, or is unavailable."""
    for_others: SessionStorage
    """It takes the time that it takes, and tells listeners what was asked."""
    load: Callable[[str], Awaitable[StoredSession | None]]
    """Loads a session, by a statement that others may share."""


def chain_of(storage: SessionStorage, settings: SessionSettings) -> Chain:
    """Return a storage as the settings want it."""
    if settings.creates_table:
        storage = TableCreatingStorage(storage, settings.table)
    load = loader_of(storage, settings)
    limited: SessionStorage = LimitedStorage(storage, settings, load)
    if settings.telemetry is not None:
        storage, limited = settings.telemetry.trace(storage), settings.telemetry.trace(limited)
    return Chain(limited, told(storage, settings.listeners), load)
