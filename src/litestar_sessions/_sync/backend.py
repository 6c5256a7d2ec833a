# Generated from src/litestar_sessions/_async/backend.py (make generate): edit that, not this.
"""The backend: which storage it has, and where its verbs run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar_sessions._sync.encrypted import open_sync_storage
from litestar_sessions._drivers.engine_config import SyncEngineConfig
from litestar_sessions._drivers.engines import SYNC, check_engine
from litestar_sessions._requests.backend import StorageSessionBackend
from litestar_sessions._requests.threaded import in_threads

if TYPE_CHECKING:
    from litestar_sessions._requests.storage import SessionStorage

__all__ = ("SQLAlchemySyncSessionBackend",)


class SQLAlchemySyncSessionBackend(StorageSessionBackend[SyncEngineConfig]):
    """Sessions in a database that is reached through an engine of this kind."""

    def _open_storage(self) -> SessionStorage:
        engine = check_engine(SYNC, self.settings.engine)
        storage = open_sync_storage(
            engine,
            self.model,
            self.settings.seals,
            clock=self.clock,
            keys=self.keys,
            patient_engine=check_engine(SYNC, self.settings.patient_engine or engine),
            details=self.settings.details,
        )
        return in_threads(storage, engine)
