"""What is logged: that something befell a session, never its ID or its data."""

from __future__ import annotations

import logging

__all__ = ("fail", "note", "tell_of_sharing", "warn")

logger = logging.getLogger("litestar_sessions")


def note(event: str, message: str) -> None:
    """Log what is as it should be."""
    logger.info(message, extra={"session_event": event})


def warn(event: str, message: str, error: Exception | None = None) -> None:
    """Log a warning; of an error only its kind, since its text may quote the session.

    Args:
        event: The name of what happened, for filters: ``record.session_event``.
        message: The same in words.
        error: Why it happened, or what that was raised from.
    """
    cause = error and (error.__cause__ or error)
    text = message if cause is None else f"{message}: {type(cause).__name__}"
    logger.warning(text, extra={"session_event": event})


def tell_of_sharing(others: int) -> None:
    """Log that a session was loaded by a statement for others too, as it is in the trace of none.

    Args:
        others: How many there were.
    """
    if logger.isEnabledFor(logging.DEBUG):
        message = "A session was loaded by one statement with %d others"
        logger.debug(message, others, extra={"session_event": "shared"})


def fail(event: str, message: str) -> None:
    """Log what somebody has to see to: the database does not answer, or refuses a statement."""
    logger.error(message, extra={"session_event": event})
