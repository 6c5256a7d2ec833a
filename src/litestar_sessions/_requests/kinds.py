"""Of which kind the value of each setting has to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine

from litestar_sessions._requests.watching import SessionTelemetry
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("check_kinds",)


def check_kinds(config: Any) -> None:
    """Refuse values of settings that are of another kind than the setting.

    Raises:
        ConfigurationError: The message names the setting, and what to write.
    """
    for (is_of_kind, remedy), names in _KINDS.items():
        for name in names:
            value = getattr(config, name)
            if not is_of_kind(value):
                shown = type(value).__name__ if name in _SECRETS else repr(value)
                raise ConfigurationError(f"{name}={shown} is of the wrong kind: write {remedy}.")
    _check_engine_config(config.alchemy_config)
    _check_clock(config.clock)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_number_or_none(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count_or_none(value: Any) -> bool:
    return value is None or _is_count(value)


def _is_owner(value: Any) -> bool:
    return value is None or isinstance(value, str) or callable(value)


def _is_switch_or_function(value: Any) -> bool:
    return isinstance(value, bool) or callable(value)


def _are_keys(value: Any) -> bool:
    is_sequence = isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
    return is_sequence and all(isinstance(key, str | bytes) for key in value)


def _is_telemetry(value: Any) -> bool:
    return isinstance(value, bool | SessionTelemetry)


def _are_functions(value: Any) -> bool:
    return isinstance(value, Sequence) and all(map(_is_plain_function, value))


def _is_plain_function(value: Any) -> bool:
    if not callable(value):
        return False
    return not (iscoroutinefunction(value) or iscoroutinefunction(type(value).__call__))


_Kind = tuple["Callable[[Any], bool]", str]

_KINDS: dict[_Kind, tuple[str, ...]] = {
    (_is_number, "a number of seconds, such as 3600"): (
        "max_age",
        "database_timeout",
        "rotation_grace",
    ),
    (_is_number_or_none, "a number of seconds, such as 60, or leave it out"): (
        "renewal_interval",
        "absolute_timeout",
        "rotation_interval",
    ),
    (_is_count, "a number of bytes, such as 32"): ("session_id_bytes",),
    (_is_text, "a text"): ("key", "path", "exclude_opt_key"),
    (_is_text_or_none, "a text, or leave it out"): ("domain",),
    (_is_switch, "True or False"): (
        *("renew_on_access", "secure", "httponly", "persistent", "partitioned"),
        *("hash_session_ids", "create_table", "own_pool", "shared_reads", "read_unencrypted"),
    ),
    (_is_count_or_none, "a number of sessions, such as 5, or leave it out"): (
        "max_sessions_per_owner",
    ),
    (_is_count_or_none, "a number of bytes, such as 1_048_576, or None"): ("max_data_size",),
    (_is_owner, "a key of the session, such as 'user_id', or a function that returns a string"): (
        "owner",
    ),
    (_is_switch_or_function, "True, or a function that returns an address"): ("record_client",),
    (_are_keys, "a list of secrets, as in session_id_keys=[secret]"): ("session_id_keys",),
    (_are_keys, "a list of secrets, as in data_keys=[secret]"): ("data_keys",),
    (_are_functions, "a list of functions that take an event and are not async"): ("listeners",),
    (_is_telemetry, "True, or a SessionTelemetry with providers"): ("telemetry",),
    (callable, "a function that returns the current time"): ("clock",),
}

_SECRETS = {"session_id_keys", "data_keys"}
"""Settings whose values no message quotes."""


def _check_engine_config(source: Any) -> None:
    if callable(getattr(source, "get_engine", None)) and not isinstance(source, type):
        return
    if isinstance(source, str | URL):
        remedy = "SQLAlchemyAsyncConfig or SQLAlchemySyncConfig has a URL"
    elif isinstance(source, Engine):
        remedy = "SQLAlchemySyncConfig(engine_instance=engine) has it"
    elif hasattr(source, "sync_engine"):
        remedy = "SQLAlchemyAsyncConfig(engine_instance=engine) has it"
    else:
        remedy = "take SQLAlchemyAsyncConfig, SQLAlchemySyncConfig or one of Advanced Alchemy"
    raise ConfigurationError(
        f"alchemy_config is of type {type(source).__name__}, which is no config that has an "
        f"engine: {remedy}; SessionPlugin takes all of these.",
    )


def _check_clock(clock: Callable[[], Any]) -> None:
    now = clock()
    if not isinstance(now, datetime) or now.utcoffset() is None:
        raise ConfigurationError(
            f"clock returns {now!r}, which is no time with a time zone: let it return "
            "datetime.now(timezone.utc).",
        )
