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
    However deep they are nested, this is no deeper, and it ends with values that hold themselves.
    """
    pairs, compared = [(one, other)], set()
    while pairs:
        mine, theirs = pairs.pop()
        inner = _inner_pairs(mine, theirs)
        if inner is None:
            return False
        if inner and (pair := (id(mine), id(theirs))) not in compared:
            compared.add(pair)
            pairs += inner
    return True


def _inner_pairs(one: Any, other: Any) -> list[tuple[Any, Any]] | None:
    """Return what has to be the same for these two to be; ``None`` if they are not in any case."""
    if type(one) is not type(other):
        return None
    if isinstance(one, dict):
        return [(one[key], other[key]) for key in one] if one.keys() == other.keys() else None
    if isinstance(one, list | tuple):
        return list(zip(one, other, strict=True)) if len(one) == len(other) else None
    if one == other or (one != one and other != other):  # noqa: PLR0124 - not a number
        return []
    return [(vars(one), vars(other))] if hasattr(one, "__dict__") else None
