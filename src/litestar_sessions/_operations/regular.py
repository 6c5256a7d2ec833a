"""Deleting expired sessions while an application runs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar_sessions._drivers.deadlines import Deadline
from litestar_sessions._drivers.failures import describe
from litestar_sessions._operations.pauses import Pauses
from litestar_sessions._requests.events import note, warn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ("RegularDeletion", "deleting_regularly")


@asynccontextmanager
async def deleting_regularly(
    delete: Callable[[], Awaitable[int]], interval: float | None
) -> AsyncIterator[None]:
    """Delete expired sessions in a task of its own until the block ends, which it ends with.

    Args:
        delete: What deletes them, and returns how many there were.
        interval: How many seconds lie between two runs; ``None`` for no run at all.
    """
    if interval is None:
        yield
        return
    deletion = RegularDeletion(delete, Pauses(interval))
    task = asyncio.create_task(deletion.run(), name="litestar_sessions: delete expired")
    try:
        yield
    finally:
        if deletion.cut():
            await asyncio.wait({task}, timeout=deletion.LAST_MOMENT)
        task.cancel()
        # A thread that waits for a lock of SQLite is not waited for: it keeps no process alive.
        await asyncio.wait({task}, timeout=deletion.LAST_MOMENT)


class RegularDeletion:
    """Deletes them again and again, whatever happens.

    Args:
        delete: As above.
        pauses: How long to wait before each run.
    """

    LONGEST_RUN = 6 * 3_600.0
    """After how many seconds a database that has fallen silent is given up."""
    LAST_MOMENT = 0.4
    """How many seconds a run may take to end once it is cut, and once it is cancelled."""

    def __init__(self, delete: Callable[[], Awaitable[int]], pauses: Pauses) -> None:
        self._delete = delete
        self._pauses = pauses
        self._deadline: Deadline | None = None
        self._is_cut = False

    async def run(self) -> None:
        """Do it until the task is cancelled."""
        pause = self._pauses.first()
        while not self._is_cut:
            await asyncio.sleep(pause)
            pause = await self._run_once()

    def cut(self) -> bool:
        """End in the middle of a batch, in a thread too; return whether there is one to end."""
        self._is_cut = True
        if self._deadline is None:
            return False
        self._deadline.stop()
        return True

    async def _run_once(self) -> float:
        """Delete what is expired now; return how long to wait."""
        self._deadline = Deadline(self.LONGEST_RUN)
        try:
            with self._deadline:
                count = await self._delete()
        except Exception as error:  # noqa: BLE001 - each driver has exceptions of its own
            return self._after_failure(error)
        finally:
            self._deadline = None
        if count:
            note("deleted", f"{count} expired sessions were deleted")
        return self._pauses.after_success()

    def _after_failure(self, error: Exception) -> float:
        if not (self._pauses.have_failed or self._is_cut):
            warn(
                "not_deleted",
                "Expired sessions could not be deleted, and will be once that is possible: "
                f"{describe(error)}",
            )
        return self._pauses.after_failure()
