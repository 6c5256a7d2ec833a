"""What the command line can say, and what each part takes where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.databases import ASYNC_DRIVERS, SYNC_DRIVERS

__all__ = ("DRIVERS", "ROOT", "Settings")

DRIVERS = (*(f"async {name}" for name in ASYNC_DRIVERS), *(f"sync {name}" for name in SYNC_DRIVERS))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How much one part measures."""

    driver: tuple[str, ...] = DRIVERS
    concurrency: tuple[int, ...] = (1, 32)
    rows: tuple[int, ...] = (1_000,)
    """Sessions in the table."""
    payload: tuple[int, ...] = (300,)
    """Bytes of a session."""
    rounds: int = 9
    """How often every contender has its turn."""
    operations: int = 1_000
    """A turn ends after so many operations."""
    seconds: float = 0.05
    """A turn ends after so long, if not before."""
    base: str = "HEAD"
    """The revision to compare with."""


ROOT = Path(__file__).parents[1]
"""The working tree."""
