# Generated from src/litestar_sessions/_async/removing.py (make generate): edit that, not this.
"""The verbs that remove sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from litestar_sessions._sync.verbs import Verbs
from litestar_sessions._drivers.compat import sync_sleep, call_with_connection
from litestar_sessions._drivers.failures import is_undone
from litestar_sessions._drivers.here import engine_here
from litestar_sessions._drivers.write_ahead import MOMENTS, may_be_long, shorten_log
from litestar_sessions._sql.dialects import lets_one_write
from litestar_sessions._sql.purges import Batches

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar_sessions._sql.records import StoredSession

__all__ = ("RemovingVerbs",)


class RemovingVerbs(Verbs):
    """Deletes sessions, one, all, or those that have expired."""

    def delete(self, session_id: str) -> None:
        """Remove a session, live or expired; do nothing if there is none."""
        self._write(self._statements.delete, self._parameters.find(session_id))

    def discard(self, session: StoredSession, session_id: str | None = None) -> None:
        """Remove a session that was loaded, also if it has another session ID by now.

        Args:
            session: What was loaded.
            session_id: By which ID; with it go all rows that the session has under that ID, where
                IDs have several spellings.
        """
        self._write(self._statements.discard, self._parameters.loaded(session, session_id))

    def delete_all(self) -> int:
        """Remove every session; return how many there were."""
        return self._write_patiently(self._statements.delete_all, {})

    def delete_expired(
        self, *, batch_size: int = 4_000, on_batch: Callable[[int], object] | None = None
    ) -> int:
        """Remove every expired session; return how many were removed.

        Each batch is a transaction of its own, and as large as a moment allows, so that nobody
        waits for all of them. A session that is saved meanwhile stays. What others have locked at
        that moment, be it to remove it too, is left to the next run; so is what expires meanwhile.
        On a Galera cluster the locks of the other nodes are not seen. A batch that another node has
        removed first is tried again, and at last is left to the next run too, as are all after it.
        Rows without a readable expiry, which are of no session, go too.

        Args:
            batch_size: How many to remove at once, at most.
            on_batch: What is told after each batch how many have been removed so far; an error that
                it raises ends the run.

        Raises:
            ValueError: That is less than one.
        """
        now = self.clock()
        one_writes = lets_one_write(self._execution.engine.dialect)
        batches = Batches(batch_size, one_writes=one_writes)
        for limit in batches:
            values = {"s_now": now, "s_limit": limit}
            try:
                count = self._write_patiently(self._statements.delete_expired, values)
            except DBAPIError as error:
                if is_undone(error):
                    break
                raise
            pause = batches.pause_after(count)
            if on_batch is not None:
                on_batch(batches.total)
            if pause:
                self._shorten_log()
            sync_sleep(pause)
        return batches.total

    def _shorten_log(self) -> None:
        """Have SQLite's write-ahead log begin anew if it is long, and that can be done soon."""
        engine = engine_here(self._patient_execution.engine)
        for pause in MOMENTS if may_be_long(engine) else ():
            sync_sleep(pause)
            with engine.connect() as connection:
                if not call_with_connection(connection, shorten_log):
                    break
