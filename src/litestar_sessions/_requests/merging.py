"""What becomes of a session that two requests have changed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("is_same", "merge")


def merge(
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what both of two requests leave: mine where I changed or removed a key, else theirs.

    Args:
        base: What both began with.
        mine: What this request made of it.
        theirs: What the other one has saved.
    """

    def is_changed(key: str) -> bool:
        if (key in base) is not (key in mine):
            return True
        return key in mine and not is_same(base[key], mine[key])

    kept = {key: value for key, value in theirs.items() if not is_changed(key)}
    return kept | {key: value for key, value in mine.items() if is_changed(key)}


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values that were deserialized mean the same.

    They do if their types do too, so that 1 is not true; the order of keys does not matter.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(map(is_same, one.values(), map(other.get, one)))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if one == other or (one != one and other != other):  # noqa: PLR0124 - not a number
        return True
    return hasattr(one, "__dict__") and is_same(vars(one), vars(other))
