"""From settings to the rules for sessions."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from litestar_sessions._requests.lifetimes import check_lifetime, check_rotation
from litestar_sessions._requests.policy import (
    RENEWALS,
    ROTATION_GRACE,
    OnConflict,
    SessionPolicy,
)
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("make_policy",)


def make_policy(  # noqa: PLR0913 - the settings of a config, each by its name
    now: datetime,
    *,
    max_age: float,
    renews: bool = True,
    renewal_interval: float | None = None,
    absolute_timeout: float | None = None,
    on_conflict: OnConflict = "merge",
    persistent: bool = True,
    rotation_interval: float | None = None,
    rotation_grace: float = ROTATION_GRACE,
    max_data_size: int | None = None,
) -> SessionPolicy:
    """Return the rules that settings ask for; all but ``now`` that is a time is in seconds.

    Raises:
        ConfigurationError: A setting cannot work; the message names the remedy.
    """
    check_lifetime("max_age", max_age, now)
    if absolute_timeout is not None:
        check_lifetime("absolute_timeout", absolute_timeout, now)
    _check_renewal(renewal_interval, max_age)
    check_rotation(rotation_interval, rotation_grace, now)
    _check_on_conflict(on_conflict)
    most = sys.maxsize if max_data_size is None else max_data_size
    interval = max_age / RENEWALS if renewal_interval is None else renewal_interval
    return SessionPolicy(
        idle_timeout=timedelta(seconds=max_age),
        renewal_interval=timedelta(seconds=interval) if renews else None,
        absolute_timeout=_duration(absolute_timeout),
        on_conflict=on_conflict,
        persistent=persistent,
        rotation_interval=_duration(rotation_interval),
        rotation_grace=timedelta(seconds=rotation_grace),
        max_data_size=most,
        large_data=most // 2,
    )


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _check_renewal(interval: float | None, max_age: float) -> None:
    if interval is not None and not 0 <= interval < max_age:
        raise ConfigurationError(
            f"renewal_interval={interval} is not from 0 to below max_age, {max_age}: leave it out "
            "for a tenth of it; renew_on_access=False switches renewal off.",
        )


def _check_on_conflict(on_conflict: str) -> None:
    if on_conflict not in get_args(OnConflict):
        raise ConfigurationError(
            f"on_conflict={on_conflict!r} is none of 'merge', 'overwrite', 'error': choose one of "
            "them.",
        )
