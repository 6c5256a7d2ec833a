"""Spans and metrics of OpenTelemetry, by its conventions for database clients; its API alone."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from opentelemetry import metrics, trace
from opentelemetry.metrics import Observation
from opentelemetry.trace import SpanKind, Status, StatusCode
from sqlalchemy.exc import DBAPIError

from litestar_sessions._drivers.failures import describe
from litestar_sessions._drivers.threads import waiting_for_connection
from litestar_sessions._requests.wrapping import WrappedStorage
from litestar_sessions._sql.table import SessionTable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from opentelemetry.metrics import Histogram, Meter
    from opentelemetry.trace import Span
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._requests.session_events import SessionEvent
    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._requests.watching import SessionTelemetry

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ("Telemetry",)

_NAME = "litestar_sessions"
_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
"""What the conventions advise for durations."""
_SYSTEMS = {
    "firebird": "firebirdsql",
    "firebird.firebird": "firebirdsql",
    "mssql": "microsoft.sql_server",
    "oracle": "oracle.db",
    "spanner+spanner": "gcp.spanner",
}
"""Databases that the conventions call otherwise than SQLAlchemy does."""


class Telemetry:
    """What is measured of the sessions of one config, and by whom.

    Args:
        asked: Which providers; those of the process by default.
        engine: Through which the sessions are reached.
        model: The mapped class of their table.
    """

    def __init__(
        self, asked: SessionTelemetry, engine: AsyncEngine | Engine, model: type[Any]
    ) -> None:
        self.tracer = trace.get_tracer(_NAME, tracer_provider=asked.tracer_provider)
        meter = metrics.get_meter(_NAME, meter_provider=asked.meter_provider)
        self._durations = _durations(meter)
        self._events = meter.create_counter(
            "litestar_sessions.events", "{session}", "Sessions that something befell."
        )
        self._shared = meter.create_counter(
            "litestar_sessions.shared_loads", "{load}", "Loads that shared a statement with others."
        )
        meter.create_observable_up_down_counter(
            "db.client.connection.pending_requests",
            [self._observe_waiting],
            "{request}",
            "Operations that wait for a connection.",
        )
        self._engine = engine
        self.collection = SessionTable(model).table.fullname
        self._place = _place(engine)

    def _observe_waiting(self, _options: Any) -> list[Observation]:
        pool = {"db.client.connection.pool.name": f"{_NAME}: {self.collection}"}
        return [Observation(waiting_for_connection(self._engine), pool)]

    def attributes(self, verb: str) -> dict[str, Any]:
        """Return what is known of an operation before it is carried out."""
        name = self._engine.dialect.name
        if getattr(self._engine.dialect, "is_mariadb", False):
            name = "mariadb"  # which is known once there was a connection
        return {
            "db.system.name": _SYSTEMS.get(name, name),
            "db.operation.name": verb,
            "db.collection.name": self.collection,
            **self._place,
        }

    def trace(self, storage: SessionStorage) -> SessionStorage:
        """Return a storage that has a span for each verb of another one."""
        return TracedStorage(storage, self)

    def measure(self, seconds: float, attributes: dict[str, Any]) -> None:
        """Record how long an operation took."""
        self._durations.record(seconds, attributes)

    def count(self, event: SessionEvent) -> None:
        """Count what befell sessions; of whom is not in the figures."""
        reason = {"reason": event.reason} if event.reason else {}
        self._events.add(event.count, {"kind": event.kind, **reason})

    def note_shared(self, others: int) -> None:
        """Know that the load of the current span shares a statement with others."""
        self._shared.add(1)
        trace.get_current_span().set_attribute("litestar_sessions.shared_with", others)


def _durations(meter: Meter) -> Histogram:
    return meter.create_histogram(
        "db.client.operation.duration",
        "s",
        "Duration of database client operations.",
        explicit_bucket_boundaries_advisory=_BOUNDS,
    )


class TracedStorage(WrappedStorage):
    """Has a span for each verb, with its outcome and neither parameters nor the text of errors.

    Args:
        storage: What is asked.
        telemetry: What is told.
    """

    def __init__(self, storage: SessionStorage, telemetry: Telemetry) -> None:
        super().__init__(storage)
        self._telemetry = telemetry

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        name: str = verb.__name__
        attributes = self._telemetry.attributes(name)
        with self._telemetry.tracer.start_as_current_span(
            f"{name} {self._telemetry.collection}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,  # its text and its frames may hold the session
            set_status_on_exception=False,
        ) as span:
            begun = perf_counter()
            try:
                answer = await verb(*args, **kwargs)
            except BaseException as error:
                attributes |= _failed(span, error)
                raise
            else:
                attributes["litestar_sessions.outcome"] = _done(span, answer)
                return answer
            finally:
                self._telemetry.measure(perf_counter() - begun, attributes)


def _failed(span: Span, error: BaseException) -> dict[str, Any]:
    """Note an error on a span; return what is known of it.

    Its type is the code of the database, if there is one, or the class of what is at its root.
    """
    cause = error.__cause__ or error
    cause = (cause.orig if isinstance(cause, DBAPIError) else None) or cause
    code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    noted = {"error.type": code or type(cause).__name__, "litestar_sessions.outcome": "failed"}
    if code:
        noted["db.response.status_code"] = code
    span.set_attributes(noted)
    span.set_status(Status(StatusCode.ERROR, describe(cause)))
    return noted


def _done(span: Span, answer: Any) -> str:
    """Note on a span how many sessions an operation was about; return its outcome."""
    rows = len(answer) if isinstance(answer, list | dict) else _rows_of(answer)
    outcome = "missed" if rows == 0 else "done"
    if span.is_recording():
        span.set_attribute("litestar_sessions.outcome", outcome)
        if rows is not None:
            span.set_attribute("litestar_sessions.rows", rows)
    return outcome


def _rows_of(answer: Any) -> int:
    if isinstance(answer, int):
        return int(answer)
    return 0 if answer is None else 1


def _place(engine: AsyncEngine | Engine) -> dict[str, Any]:
    url = engine.url
    known = {"db.namespace": url.database, "server.address": url.host, "server.port": url.port}
    return {name: value for name, value in known.items() if value is not None}
