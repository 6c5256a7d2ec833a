# The source of a generated twin: see CONTRIBUTING.md.
"""What every verb of a storage works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._async.execution import Execution
from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys
from litestar_sessions._sql.parameters import SessionParameters
from litestar_sessions._sql.records import rows_affected
from litestar_sessions._sql.statements import SessionStatements
from litestar_sessions._sql.types import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Executable
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._sql.dialects import SaveBy

__all__ = ("Verbs",)


class Verbs:
    """Statements, the values for them, and what runs them."""

    def __init__(  # noqa: PLR0913 - of the settings of a storage each has a default
        self,
        engine: AsyncEngine,
        model: type[Any],
        *,
        clock: Callable[[], datetime] = utc_now,
        save_by: SaveBy | None = None,
        keys: SessionKeys = PLAIN_KEYS,
        patient_engine: AsyncEngine | None = None,
    ) -> None:
        self.clock = clock
        self._keys = keys
        self._statements = SessionStatements(model, engine.dialect, save_by, keys)
        self._parameters = SessionParameters(keys, with_id=self._statements.has_our_ids)
        self._execution = Execution(engine)
        self._patient_execution = Execution(patient_engine or engine)

    async def _write(self, statement: Executable, values: Mapping[str, Any]) -> int:
        return await self._execution.write(statement, values, rows_affected)

    async def _write_patiently(self, statement: Executable, values: Mapping[str, Any]) -> int:
        return await self._patient_execution.write(statement, values, rows_affected)
