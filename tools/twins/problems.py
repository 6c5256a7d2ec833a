"""What is refused, as a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Problem: TypeAlias = tuple[int, str]
"""A line of a file, and what is wrong there and what to do."""

Refuse: TypeAlias = Callable[[int, str], None]
"""Takes a line of a file, and what is wrong there and what to do."""


class RefusedError(Exception):
    """The twins cannot be rendered; the message has a line for each problem."""
