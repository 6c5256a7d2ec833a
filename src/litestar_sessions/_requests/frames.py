"""What reports of errors show of the variables of frames: no session IDs, and no data."""

from __future__ import annotations

import inspect
from types import TracebackType
from typing import TypeVar

from litestar_sessions.exceptions import SessionError

ErrorT = TypeVar("ErrorT", bound=BaseException)

__all__ = ("without_frames", "without_values")

_PACKAGE = __name__.partition(".")[0]
_MAY_GO_ON = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def without_frames(error: ErrorT) -> ErrorT:
    """Return an error to be raised; one of this package as if it had been raised nowhere yet.

    Such a one says all that there is, and the frames that it has left have the session in their
    variables. A bug keeps them.
    """
    return error.with_traceback(None) if isinstance(error, SessionError) else error


def without_values(error: BaseException) -> None:
    """Leave only those frames to an error of a driver, and to its causes, that can be cleared.

    They are the functions of SQLAlchemy and of the driver; where it failed can still be seen.
    """
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = _cleared(cause.__traceback__)
        cause = cause.__cause__


def _cleared(traceback: TracebackType | None) -> TracebackType | None:
    entries: list[TracebackType] = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    for entry in reversed(entries):
        if _is_cleared(entry):
            traceback = TracebackType(traceback, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return traceback


def _is_cleared(entry: TracebackType) -> bool:
    frame = entry.tb_frame
    module = str(frame.f_globals.get("__name__"))
    if module.partition(".")[0] == _PACKAGE or frame.f_code.co_flags & _MAY_GO_ON:
        return False
    try:
        frame.clear()
    except RuntimeError:  # it goes on, in another thread or greenlet
        return False
    return True
