"""A clock that a test turns by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class Clock:
    """It stands still until it is told.

    Args:
        microsecond: As precise as databases keep it.
    """

    def __init__(self, microsecond: int = 123_456) -> None:
        self.now = datetime(2030, 1, 1, 12, 0, 0, microsecond, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def after(self, **duration: float) -> datetime:
        return self.now + timedelta(**duration)
