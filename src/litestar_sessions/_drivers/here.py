"""What is as it is here, where the other half has to mind greenlets and event loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from litestar_sessions._drivers.direct import StatementRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

T = TypeVar("T")

__all__ = ("RunnerHere", "call_here", "caller_for", "engine_here")


class RunnerHere:
    """What runs statements, whatever thread it is in."""

    def __init__(self, engine: Engine) -> None:
        self.now = StatementRunner(engine)


def engine_here(engine: Engine) -> Engine:
    """Return the engine."""
    return engine


def call_here(function: Callable[..., T], *arguments: Any) -> T:
    """Return what the function returns."""
    return function(*arguments)


def caller_for(_engine: Engine) -> Callable[..., Any]:
    """Return what calls functions that ask something of an engine."""
    return call_here
