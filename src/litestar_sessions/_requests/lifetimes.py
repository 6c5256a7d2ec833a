"""For how long a session can live at all."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from litestar_sessions.exceptions import ConfigurationError

__all__ = ("check_lifetime", "check_rotation", "lifetime_of")

# A century of room: a lifetime that fits today must also fit while the process runs on.
_LATEST_EXPIRY = datetime.max.replace(tzinfo=timezone.utc) - timedelta(days=36_525)
_LONGEST_GRACE = 3_600
"""Of an hour more a page would not know what to make, but a thief would."""


def check_lifetime(name: str, seconds: float, now: datetime) -> None:
    """Refuse a setting with which no session could live.

    Raises:
        ConfigurationError: It is not positive, or a session would expire after the last timestamp.
    """
    if problem := _problem(seconds, now):
        raise ConfigurationError(f"{name} is {problem}")


def check_rotation(interval: float | None, grace: float, now: datetime) -> None:
    """Refuse settings with which a session would get IDs faster than browsers learn of them.

    Raises:
        ConfigurationError: The message names the setting, and what it may be.
    """
    if interval is not None:
        check_lifetime("rotation_interval", interval, now)
    if not 0 <= grace <= _LONGEST_GRACE:
        raise ConfigurationError(
            f"rotation_grace={grace} is not from 0 to {_LONGEST_GRACE}: leave it out for some "
            "seconds; whoever has stolen an ID may use it for that long.",
        )
    if interval is not None and grace >= interval:
        raise ConfigurationError(
            f"rotation_grace={grace} is not shorter than rotation_interval={interval}: choose a "
            "longer interval, or a shorter grace period.",
        )


def lifetime_of(seconds: Any, now: datetime) -> int:
    """Return the whole seconds for which a session is to live.

    Raises:
        TypeError: They are no number.
        ValueError: It cannot; the message says why.
    """
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise TypeError(f"A lifetime of {seconds!r} is none: write a number of seconds.")
    if problem := _problem(seconds, now):
        raise ValueError(f"The lifetime is {problem}")
    return int(seconds)


def _problem(seconds: float, now: datetime) -> str | None:
    if not seconds >= 1:
        return f"{seconds} seconds: choose at least 1."
    limit = int((_LATEST_EXPIRY - now).total_seconds())
    if seconds <= limit:
        return None
    return (
        f"{seconds} seconds, and the limit is {limit}: no timestamp is later than the year 9999. "
        "Choose a smaller one."
    )
