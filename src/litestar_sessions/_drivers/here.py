"""Calling a function as it is, where the other half has to call it in a greenlet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

T = TypeVar("T")

__all__ = ("call_here", "caller_for")


def call_here(function: Callable[..., T], *arguments: Any) -> T:
    """Return what the function returns."""
    return function(*arguments)


def caller_for(_engine: Engine) -> Callable[..., Any]:
    """Return what calls functions that ask something of an engine."""
    return call_here
