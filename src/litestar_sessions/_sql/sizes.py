"""Sessions that one statement finds together: how many at most, and in which sizes."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from litestar_sessions._sql.keys import SessionKeys

__all__ = ("groups_of", "most_together", "padded")

_MOST = 64
_MOST_KEYS = 900
"""What every database takes: SQLite before 3.32 has 999 parameters, Oracle 1,000 values in a list,
SQL Server 2,100 parameters."""


def most_together(keys: SessionKeys) -> int:
    """Return of how many IDs one statement may have the keys."""
    most = min(_MOST, _MOST_KEYS // len(keys.spellings))
    return 1 << most.bit_length() - 1 if most else 1


def groups_of(
    session_ids: Sequence[str], keys: SessionKeys
) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield the IDs that go together, each once, with their keys."""
    different = list(dict.fromkeys(session_ids))
    most = most_together(keys)
    for start in range(0, len(different), most):
        group = different[start : start + most]
        yield {session_id: keys.all(session_id) for session_id in group}


def padded(keys: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the keys of some IDs, and the last ones so often that few sizes are ever needed.

    Each size is a statement of its own to whatever prepares or keeps statements.
    """
    spelled = list(chain(*keys.values()))
    per_id = len(spelled) // len(keys)
    wanted = per_id << (len(keys) - 1).bit_length()
    return spelled + spelled[-1:] * (wanted - len(spelled))
