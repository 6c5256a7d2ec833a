"""The settings for whoever watches what becomes of sessions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar_sessions._requests.session_events import SessionListener

__all__ = ("IsWatched",)


@dataclass
class IsWatched:
    """A config that says who is told what."""

    _: KW_ONLY
    listeners: Sequence[SessionListener] = ()
    """What is called with each `SessionEvent`, in a thread that no request waits for."""
