"""How large a session may be: what has grown beyond that is refused, and half of it is told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.codec import decode, is_change
from litestar_sessions._requests.events import fail, warn
from litestar_sessions.exceptions import ConfigurationError, SessionTooLargeError

if TYPE_CHECKING:
    from litestar.types import Scope

    from litestar_sessions._requests.codec import SessionCodec

__all__ = ("LimitsSizes", "check_size_limit", "is_growth", "too_large", "warn_of_size")

_NAMED = 3
"""How many keys are named."""
_LONGEST_NAME = 60


@dataclass
class LimitsSizes:
    """A config that says how large a session may be."""

    _: KW_ONLY
    max_data_size: int | None = 1_048_576
    """How many bytes the serialized data of a session may have; ``None`` for any number.

    A request that has let it grow beyond gets `SessionTooLargeError` when it is saved. A session
    that is larger already may shrink, rotate, be renewed and end.
    """


def check_size_limit(most: int | None) -> None:
    """Refuse a limit that no session could keep.

    Raises:
        ConfigurationError: It is less than one byte.
    """
    if most is not None and most < 1:
        raise ConfigurationError(
            f"max_data_size={most} lets no session be saved: write a number of bytes, such as "
            "1_048_576, or None for no limit.",
        )


def is_growth(codec: SessionCodec, data: bytes, stored: bytes) -> bool:
    """Tell whether data is more than storage has, and not the same in other bytes."""
    return len(data) > len(stored) and is_change(codec, data, stored)


def too_large(codec: SessionCodec, data: bytes, most: int, scope: Scope) -> SessionTooLargeError:
    """Log that a session is refused, and return what is raised; both name its largest keys."""
    sizes = _sizes(codec, data, scope)
    largest = nlargest(_NAMED, sizes, key=sizes.__getitem__)
    named = ", ".join(f"{_name(key)} with {sizes[key]}" for key in largest)
    error = SessionTooLargeError(
        f"A session of {len(data)} bytes is more than max_data_size={most}, and was not saved; "
        f"the largest of its keys, in bytes: {named}. Keep such data in a table of your own and "
        "its ID in the session, or raise max_data_size.",
    )
    fail("too_large", str(error))
    return error


def _name(key: str) -> str:
    return repr(key if len(key) <= _LONGEST_NAME else f"{key[:_LONGEST_NAME]}...")


def _sizes(codec: SessionCodec, data: bytes, scope: Scope) -> dict[str, int]:
    """Return how many bytes each key takes with its value, as far as it can stand alone."""
    sizes = {}
    session: dict[str, Any] = decode(codec, data)
    for key, value in session.items():
        with suppress(Exception):  # the application may serialize as it likes
            sizes[key] = len(codec.serialize_data({key: value}, scope))
    return sizes


def warn_of_size(data: bytes, former: bytes, large: int) -> None:
    """Log that a session has become larger than half of what it may have; only when it does."""
    if len(former) <= large:
        warn(
            "large",
            f"A session has {len(data)} bytes, which is more than half of max_data_size",
        )
