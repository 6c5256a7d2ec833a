"""When expired sessions are deleted next."""

from __future__ import annotations

from math import inf
from random import uniform
from typing import Any

from litestar_sessions.exceptions import ConfigurationError

__all__ = ("Pauses", "check_interval")


def check_interval(seconds: Any) -> None:
    """Refuse what is no interval.

    Raises:
        ConfigurationError: It is neither a positive number nor ``None``.
    """
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if seconds is not None and not (is_number and 0 < seconds < inf):
        raise ConfigurationError(
            f"delete_expired_every={seconds!r} is no interval: write a number of seconds, such as "
            "3600, or None if something else deletes expired sessions.",
        )


class Pauses:
    """The pauses between runs, at random so that workers that start together part.

    Args:
        interval: How many seconds lie between two runs.
    """

    SPREAD = 0.1
    """By which part of itself a pause may be shorter or longer."""
    LONGEST = 8
    """How many times longer a pause is, at most, if one run after the other fails."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._factor = 1

    def first(self) -> float:
        """Return how many seconds to wait before the first run: an interval at most."""
        return uniform(0, self._interval)  # noqa: S311 - no secret

    def after_success(self) -> float:
        """Return how many seconds to wait after a run that reached its end."""
        self._factor = 1
        return self._spread()

    def after_failure(self) -> float:
        """Return how many seconds to wait after a run that failed: twice as long each time."""
        self._factor = min(2 * self._factor, self.LONGEST)
        return self._spread()

    @property
    def have_failed(self) -> bool:
        """Whether the last run failed."""
        return self._factor > 1

    def _spread(self) -> float:
        longest = self._interval * self._factor
        return longest * uniform(1 - self.SPREAD, 1 + self.SPREAD)  # noqa: S311 - no secret
