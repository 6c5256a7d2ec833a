"""Copies of a scope: what is set or cleared in one of them is so for the whole connection.

A middleware may call the application with ``{**scope}``, and a mount has a copy with
``copy_scope=True``. Litestar's connections write to the scope that they were made of, of which the
session middleware knows nothing: somebody who signs out there would stay signed in.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from litestar.connection import ASGIConnection

from litestar_sessions._requests.request_session import sessions_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("follow_copies",)

_FOLLOWED = "_litestar_sessions_follow"


def follow_copies() -> None:
    """Have ``set_session`` and ``clear_session`` of every connection tell its session.

    Nothing else sees them all: a scope may be copied anywhere, and by any means, and there are
    connections of any class. Those of other session middlewares do what they always did.
    """
    for name in ("set_session", "clear_session"):
        method = getattr(ASGIConnection, name)
        if not hasattr(method, _FOLLOWED):
            setattr(ASGIConnection, name, _telling(method))


def _telling(method: Callable[..., None]) -> Callable[..., None]:
    @wraps(method)
    def change(connection: ASGIConnection[Any, Any, Any, Any], *args: Any, **kwargs: Any) -> None:
        method(connection, *args, **kwargs)
        sessions = sessions_of(connection.scope)
        if sessions:
            sessions[-1].shown.change(connection.scope)

    setattr(change, _FOLLOWED, True)
    return change
