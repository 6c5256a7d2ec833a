"""How listeners are told of events: by a thread of their own, so that no request waits for them."""

from __future__ import annotations

from contextvars import copy_context
from queue import Full, Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol

from litestar_sessions._requests.events import warn
from litestar_sessions._requests.session_events import SessionEvent
from litestar_sessions._requests.watching import SessionTelemetry
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextvars import Context
    from datetime import datetime

    from litestar_sessions._requests.session_events import SessionEventKind, SessionListener
    from litestar_sessions._requests.telemetry import Telemetry
    from litestar_sessions._sql.records import StoredSession

    Told = tuple[Context, SessionEvent]

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("Listeners", "make_listeners", "warn_of_damage")


class Watched(Protocol):
    """The settings of a config that say who is told."""

    listeners: Sequence[SessionListener]
    telemetry: bool | SessionTelemetry
    model: type[Any]

    def clock(self) -> datetime: ...


class Listeners:
    """Those who listen to the sessions of one config.

    Whoever tells of an event puts it into a queue, which takes no time. When that is full because
    listeners are slow, events are dropped, so that they fill no memory either.

    Args:
        listeners: Each is called with every event, in the order in which they were told, in a copy
            of the context of whoever told.
        clock: What returns the current time, aware.
        telemetry: What counts every event at once, since that takes no time.
    """

    MOST_WAITING = 10_000
    """How many events may wait for listeners."""
    LAST_MOMENT = 5.0
    """How many seconds listeners have for what still waits when the connections are closed."""

    def __init__(
        self,
        listeners: Sequence[SessionListener],
        clock: Callable[[], datetime],
        telemetry: Telemetry | None = None,
    ) -> None:
        self._listeners = listeners
        self.telemetry = telemetry
        self._clock = clock
        self._failing: set[int] = set()
        self._is_full = False
        self._start = Lock()
        self._thread: Thread | None = None
        self._queue: Queue[Told | None] = Queue(self.MOST_WAITING)

    def tell(
        self, kind: SessionEventKind, stored: StoredSession | None = None, **more: Any
    ) -> None:
        """Have listeners told; raise nothing.

        Args:
            kind: What happened.
            stored: To which session, if that is known.
            more: Other fields of the event.
        """
        if stored is not None:
            more = {"id": stored.id, "owner": (stored.details or {}).get("owner"), **more}
        event = SessionEvent(kind, self._clock(), **more)
        if self.telemetry is not None:
            self.telemetry.count(event)
        if self._listeners:
            self._put(event)

    def _put(self, event: SessionEvent) -> None:
        if self._thread is None or not self._thread.is_alive():  # as after a fork
            self._begin()
        try:
            self._queue.put_nowait((copy_context(), event))
        except Full:
            self._warn_once()
        else:
            self._is_full = False

    def close(self) -> None:
        """Wait until listeners have heard all that was told, or their time is over."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            try:
                self._queue.put(None, timeout=self.LAST_MOMENT)
            except Full:
                return
            thread.join(self.LAST_MOMENT)

    def _begin(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                # Another one, for that of a parent process may have been in use when it forked.
                self._queue = Queue(self.MOST_WAITING)
                self._thread = Thread(
                    target=self._run,
                    args=(self._queue,),
                    name="litestar_sessions: listeners",
                    daemon=True,
                )
                self._thread.start()

    def _run(self, queue: Queue[Told | None]) -> None:
        while (told := queue.get()) is not None:
            context, event = told
            for number, listener in enumerate(self._listeners):
                context.run(self._call, number, listener, event)

    def _call(self, number: int, listener: SessionListener, event: SessionEvent) -> None:
        try:
            listener(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next event follows
            if number not in self._failing:
                self._failing.add(number)
                message = "A listener has failed, and is called again with the next event"
                warn("listener_failed", message, error)
        else:
            self._failing.discard(number)

    def _warn_once(self) -> None:
        if not self._is_full:
            self._is_full = True
            warn("events_dropped", "Events are dropped, since listeners are slower than they come")


def make_listeners(config: Watched, engine: AsyncEngine | Engine) -> Listeners | None:
    """Return what tells listeners, and telemetry; ``None`` if nobody wants to know.

    Raises:
        ConfigurationError: OpenTelemetry is wanted, and not installed.
    """
    if not config.telemetry:
        return Listeners(tuple(config.listeners), config.clock) if config.listeners else None
    try:
        # Imported here because nothing else needs OpenTelemetry.
        from litestar_sessions._requests.telemetry import Telemetry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "telemetry= needs the API of OpenTelemetry: install litestar-sessions[otel].",
        ) from error
    asked = SessionTelemetry() if config.telemetry is True else config.telemetry
    telemetry = Telemetry(asked, engine, config.model)
    return Listeners(tuple(config.listeners), config.clock, telemetry)


def warn_of_damage(
    error: Exception, listeners: Listeners | None, stored: StoredSession | None = None
) -> None:
    """Log and tell that a session cannot be decoded, or not even read."""
    warn("undecodable", "The data of a session cannot be decoded; a new one begins", error)
    if listeners is not None:
        listeners.tell("undecodable", stored)
