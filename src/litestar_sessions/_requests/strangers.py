"""The session of a visitor who has none, which tells whether the response may depend on that."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("StrangersSession", "is_empty")

_LOOKS = (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__iter__", "__len__", "__ne__"),
    *("__or__", "__repr__", "__reversed__", "__ror__", "copy", "get", "items", "keys", "pop"),
    *("popitem", "setdefault", "values"),
)
"""The methods of a dictionary whose results depend on what is in it."""


class StrangersSession(dict[str, Any]):
    """A session that begins empty, and notes if somebody looks into it; to write is no look.

    What is written in C and takes the dictionary as it is, as serializers do, is not noticed.
    """

    was_looked_at = False

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """Have copies and pickles be dictionaries of no special kind."""
        return dict, (dict(self),)


def is_empty(session: Any) -> bool:
    """Tell whether a session is an empty dictionary, without a look that would be noted."""
    return not dict.__len__(session) if isinstance(session, dict) else bool(session == {})


def _noting(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def look(session: StrangersSession, *args: Any, **kwargs: Any) -> Any:
        session.was_looked_at = True
        return method(session, *args, **kwargs)

    return look


for _name in _LOOKS:
    setattr(StrangersSession, _name, _noting(getattr(dict, _name)))
