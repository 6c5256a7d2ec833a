# The source of a generated twin: see CONTRIBUTING.md.
"""The backend: which storage it has, and where its verbs run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar_sessions._async.encrypted import open_async_storage
from litestar_sessions._drivers.engine_config import AsyncEngineConfig
from litestar_sessions._drivers.engines import ASYNC, check_engine
from litestar_sessions._requests.backend import StorageSessionBackend
from litestar_sessions._requests.threaded import in_place

if TYPE_CHECKING:
    from litestar_sessions._requests.storage import SessionStorage

__all__ = ("SQLAlchemyAsyncSessionBackend",)


class SQLAlchemyAsyncSessionBackend(StorageSessionBackend[AsyncEngineConfig]):
    """Sessions in a database that is reached through an engine of this kind."""

    def _open_storage(self) -> SessionStorage:
        engine = check_engine(ASYNC, self.settings.engine)
        storage = open_async_storage(
            engine,
            self.model,
            self.settings.seals,
            clock=self.clock,
            keys=self.keys,
            patient_engine=check_engine(ASYNC, self.settings.patient_engine or engine),
            details=self.settings.details,
        )
        return in_place(storage, engine)
