"""The errors of the request path, which Litestar turns into responses."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from litestar.exceptions import HTTPException, ImproperlyConfiguredException

from litestar_sessions.exceptions import (
    ConfigurationError,
    ResponseStartedError,
    SessionDatabaseError,
    SessionError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = (
    "UNANSWERED",
    "LitestarConfigurationError",
    "SessionConflictError",
    "SessionUnavailableError",
    "as_litestar_does",
    "too_late",
)

RETRY_AFTER = "10"
"""After how many seconds a client may try again (RFC 9110, section 10.2.3)."""


class LitestarConfigurationError(ConfigurationError, ImproperlyConfiguredException):
    """A `ConfigurationError` of what Litestar is configured with."""

    def __init__(self, message: str) -> None:
        super().__init__(detail=message)

    def __str__(self) -> str:
        return self.detail


@contextmanager
def as_litestar_does() -> Iterator[None]:
    """Raise each `ConfigurationError` as one that is an `ImproperlyConfiguredException` too.

    It cannot be one itself, since storages raise it in scripts that do without Litestar.
    """
    try:
        yield
    except ConfigurationError as error:
        raise LitestarConfigurationError(str(error)) from error.__cause__


class SessionUnavailableError(SessionError, HTTPException):
    """The session database did not answer, or not in time: 503.

    What the driver said is the cause. Raised only where a session is needed: by a handler that
    uses ``request.session``, or when changes cannot be saved. An exception handler that makes a
    response of its own has to pass on `headers`: of a session that was cleared and could not be
    ended, they clear the cookie; of one that may have got another ID, they have that beside it.
    """

    status_code = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__(
            detail="The session is unavailable at the moment. Try again later.",
            headers={"Cache-Control": "no-store", "Retry-After": RETRY_AFTER, **(headers or {})},
        )


class SessionConflictError(SessionError, HTTPException):
    """Other requests of the session changed it meanwhile, and the changes were not saved: 409.

    Raised with ``on_conflict="error"``, or if merging did not get through.
    """

    status_code = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__(detail="The session was changed by another request. Try again.")


UNANSWERED = (SessionUnavailableError, SessionDatabaseError)
"""What a storage raises if there is no answer, now or ever."""


def too_late(what: str, remedy: str) -> ResponseStartedError:
    """Return what is raised if something needs a cookie that cannot be sent any more."""
    return ResponseStartedError(
        f"{what} once the response has started or the WebSocket is accepted, because no cookie can "
        f"be sent: {remedy}.",
    )
