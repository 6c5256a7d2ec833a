"""Every error class of this package."""

from __future__ import annotations

__all__ = (
    "ConfigurationError",
    "ResponseStartedError",
    "SessionDamagedError",
    "SessionDatabaseError",
    "SessionError",
    "SessionExistsError",
    "SessionTooLargeError",
)


class SessionError(Exception):
    """The base of every error that this package raises itself."""


class ConfigurationError(SessionError, ValueError):
    """A setting cannot work; raised where it is written, and the message names the remedy."""


class SessionDatabaseError(SessionError):
    """The session database cannot do what it was asked, now or later: a response of 500.

    The table or a column is missing, data does not fit, or the driver is at fault. The message,
    which is logged too, names what is wrong, without values of the session.
    """


class SessionDamagedError(SessionError):
    """A row cannot be read as a session: a column of it holds what does not belong there.

    Requests begin a new session then. `delete` removes the row, and `save` replaces its data.
    """

    def __init__(self, why: str = "The row of a session cannot be read.") -> None:
        super().__init__(f"{why} Delete it, or save it anew.")


class SessionExistsError(SessionError):
    """A session was to be created under an ID that storage already has.

    The message does not hold the ID, so that it may be logged.
    """


class SessionTooLargeError(SessionError):
    """A session has grown beyond ``max_data_size`` and was not saved: a response of 500.

    What storage had stays as it was. The message, which is logged too, names the largest keys and
    how many bytes they take, and no values.
    """


class ResponseStartedError(SessionError, RuntimeError):
    """What was asked for needs a cookie, and the response, or the WebSocket, has already started.

    Do it before anything is sent.
    """
