"""Asking something of a database within the time that is left for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from litestar_sessions._drivers.cutting import cut
from litestar_sessions._drivers.deadlines import TooLateError, current

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sqlalchemy import PoolProxiedConnection

T = TypeVar("T")

__all__ = ("call_in_time", "check_time")


def check_time() -> None:
    """See that there is time left for what runs here.

    Raises:
        TooLateError: There is not.
    """
    deadline = current.get()
    if deadline is not None and deadline.is_over:
        raise TooLateError


def call_in_time(
    connection: PoolProxiedConnection, ask: Callable[..., T], *arguments: Any, writes: bool
) -> T:
    """Return what a function returns that asks something on a connection.

    The connection is cut when the time of what runs here has passed, or when that is cancelled.

    Raises:
        TooLateError: There is no time left for a statement.
    """
    deadline = current.get()
    if deadline is not None:
        deadline.hold(connection.dbapi_connection, writes=writes)
    try:
        return ask(*arguments)
    except Exception:
        raise
    except BaseException:
        cut(connection.dbapi_connection)
        raise
    finally:
        if deadline is not None:
            deadline.release()
