"""What stands in for a session that could not be loaded."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from litestar_sessions.exceptions import SessionError

__all__ = ("UnavailableSession",)


class UnavailableSession(MutableMapping[str, Any]):
    """A session that raises when it is used, so that a request that does not need it succeeds.

    It is no ``dict``: that, some serializers would take for an empty session.
    """

    was_looked_at = False

    def __init__(self, error: SessionError) -> None:
        self.error = error

    def refuse(self, *values: object, **more: object) -> NoReturn:
        """Raise why there is no session, whatever was to be done with it."""
        del values, more  # which a report with the variables of an error would show
        self.was_looked_at = True
        raise self.error

    __getitem__ = __setitem__ = __delitem__ = __iter__ = __len__ = __contains__ = __eq__ = refuse
    __or__ = __ror__ = __ior__ = refuse
    update = setdefault = pop = copy = refuse
    __hash__ = None  # type: ignore[assignment]  # as of every mapping
