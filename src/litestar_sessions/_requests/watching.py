"""The settings for whoever watches what becomes of sessions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from litestar_sessions._requests.session_events import SessionListener

__all__ = ("IsWatched", "SessionTelemetry")


@dataclass(frozen=True)
class SessionTelemetry:
    """Where spans and metrics of OpenTelemetry go, if not to the providers of the process."""

    tracer_provider: TracerProvider | None = None
    meter_provider: MeterProvider | None = None


@dataclass
class IsWatched:
    """A config that says who is told what."""

    _: KW_ONLY
    listeners: Sequence[SessionListener] = ()
    """What is called with each `SessionEvent`, in a thread that no request waits for."""
    telemetry: bool | SessionTelemetry = False
    """Whether OpenTelemetry gets spans and metrics; a `SessionTelemetry` says from which
    providers."""
