"""Whether the session database answers: what is known of it, and what is logged."""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Literal

from litestar_sessions._drivers.failures import describe
from litestar_sessions._requests.events import fail, warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar_sessions._requests.listeners import Listeners

__all__ = ("Health",)


class Health:
    """What those know together who ask one database.

    Once it has kept somebody waiting in vain it is taken for silent. Then nobody asks it, but for a
    trial now and then, until one is answered. A database that refuses is asked each time, since
    that takes no time.

    Args:
        clock: What tells the seconds that pass.
    """

    TRIAL_INTERVAL = 1.0
    """How many seconds pass between two trials of a silent database."""
    TRIAL_TIME = 1.0
    """How many seconds each of them may take, at most."""
    REPORT_INTERVAL = 60.0
    """How many seconds pass between two reports of the same outage."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.is_silent = False
        self.listeners: Listeners | None = None
        self._answered_at = clock()
        self._failed_at: float | None = None
        self._failures = 0
        self._next_trial = self._next_report = self._next_complaint = -inf

    def may_try(self) -> bool:
        """Tell whether a trial is due; if so it is the caller's, and the next one is later."""
        now = self.clock()
        if now < self._next_trial:
            return False
        self._next_trial = now + self.TRIAL_INTERVAL
        return True

    def note_answer(self) -> None:
        """Know that the database has answered."""
        self._answered_at = self.clock()
        if self._failed_at is not None:
            seconds = self._answered_at - self._failed_at
            warn(
                "available",
                f"The session database answers again, after {seconds:.1f} seconds and "
                f"{self._failures} operations that failed",
            )
            self.is_silent, self._failed_at, self._failures = False, None, 0
            self._tell("available")

    def note_failure(self, error: BaseException, *, asked_at: float) -> None:
        """Know that the database has not answered what it was asked at a moment."""
        now = self.clock()
        if isinstance(error, TimeoutError) and self._answered_at < asked_at:
            self.is_silent = True  # unless others have had an answer meanwhile
            self._next_trial = now + self.TRIAL_INTERVAL
        if self._failed_at is None:
            self._failed_at, self._next_report = now, now + self.REPORT_INTERVAL
            fail("unavailable", f"The session database does not answer: {describe(error)}")
            self._tell("unavailable")
        self.note_refusal()

    def _tell(self, kind: Literal["available", "unavailable"]) -> None:
        if self.listeners is not None:
            self.listeners.tell(kind)

    def note_misfit(self, problem: str) -> None:
        """Tell now and then that the table is not what the statements need."""
        now = self.clock()
        if now >= self._next_complaint:
            self._next_complaint = now + self.REPORT_INTERVAL
            fail("database_error", problem)

    def note_refusal(self) -> None:
        """Count an operation that fails during an outage, and tell of all now and then."""
        self._failures += 1
        now = self.clock()
        if self._failed_at is not None and now >= self._next_report:
            self._next_report = now + self.REPORT_INTERVAL
            fail(
                "still_unavailable",
                f"The session database has not answered for {now - self._failed_at:.0f} seconds; "
                f"{self._failures} operations failed",
            )
