# Generated from src/litestar_sessions/_async/verbs.py (make generate): edit that, not this.
"""What every verb of a storage works with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from litestar_sessions._sync.execution import Execution
from litestar_sessions._sql.details import names_of
from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys
from litestar_sessions._sql.parameters import SessionParameters
from litestar_sessions._sql.records import rows_affected, stored_session
from litestar_sessions._sql.statements import SessionStatements
from litestar_sessions._sql.types import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Executable
    from sqlalchemy import Engine

    from litestar_sessions._sql.dialects import SaveBy

__all__ = ("Verbs",)


class Verbs:
    """Statements, the values for them, and what runs them."""

    def __init__(  # noqa: PLR0913 - of the settings of a storage each has a default
        self,
        engine: Engine,
        model: type[Any],
        *,
        clock: Callable[[], datetime] = utc_now,
        save_by: SaveBy | None = None,
        keys: SessionKeys = PLAIN_KEYS,
        patient_engine: Engine | None = None,
        details: Collection[str] = (),
    ) -> None:
        self.clock = clock
        self._keys = keys
        self._loaded = names_of(details)
        self._answer = partial(stored_session, names=self._loaded) if details else stored_session
        self._statements = SessionStatements(
            model, engine.dialect, save_by, keys, loaded=self._loaded
        )
        sessions = self._statements.sessions
        self._parameters = SessionParameters(
            keys, with_id=sessions.has_our_ids, with_time=sessions.last_seen_at is not None
        )
        self._remembers_former = sessions.remembers_former
        self._execution = Execution(engine)
        self._patient_execution = Execution(patient_engine or engine)

    def _write(self, statement: Executable, values: Mapping[str, Any]) -> int:
        return self._execution.write(statement, values, rows_affected)

    def _write_patiently(self, statement: Executable, values: Mapping[str, Any]) -> int:
        return self._patient_execution.write(statement, values, rows_affected)
