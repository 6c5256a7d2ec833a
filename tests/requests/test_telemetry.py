"""Spans and metrics, as the SDK of OpenTelemetry gets them."""

from __future__ import annotations

import sys
from asyncio import gather
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Request, get, post
from litestar.testing import TestClient
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from litestar_sessions import ConfigurationError, SessionPlugin, SessionTelemetry
from tests.support.apps import bare_app
from tests.support.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Database

SECRET = "hush-hush"


class Observed:
    """An application with sessions, below spans of its requests, and what was exported."""

    def __init__(self, url: Any, **settings: Any) -> None:
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider([self.reader])
        asked = SessionTelemetry(self.tracers, self.meters)
        self.clock = Clock()
        self.plugin = SessionPlugin(
            url,
            telemetry=asked,
            clock=self.clock,
            max_age=100,
            delete_expired_every=None,
            **settings,
        )
        tracer = self.tracers.get_tracer("application")

        @post("/set")
        async def change(request: Request[Any, Any, Any]) -> None:
            request.session.update(await request.json())

        @get("/")
        async def show(request: Request[Any, Any, Any]) -> dict[str, Any]:
            return dict(request.session)

        def traced(app: Any) -> Any:
            async def call(scope: Any, receive: Any, send: Any) -> None:
                if scope["type"] == "lifespan":
                    await app(scope, receive, send)
                    return
                with tracer.start_as_current_span("request"):
                    await app(scope, receive, send)

            return call

        self.app = bare_app([change, show], plugins=[self.plugin])
        self.asgi = traced(self.app)

    def take(self) -> list[Any]:
        """Return the spans that have ended since this was last asked."""
        spans = self.spans.get_finished_spans()
        self.spans.clear()
        return list(spans)

    def metrics(self) -> dict[str, Any]:
        """Return the points of each metric."""
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def test_each_operation_has_a_span_below_that_of_its_request(
    any_database: tuple[bool, Database],
) -> None:
    _, database = any_database
    observed = Observed(database.url)
    with TestClient(observed.asgi) as client:
        observed.take()
        client.post("/set", json={"secret": SECRET})
        create, request = observed.take()
        assert create.name == "create litestar_sessions"
        assert create.parent.span_id == request.context.span_id
        assert create.kind is SpanKind.CLIENT
        client.get("/")
        load, request = observed.take()
        assert load.parent.span_id == request.context.span_id
        attributes = dict(load.attributes)
        backend = observed.plugin.config.create_backend()
        dialect = backend.engine.dialect
        assert attributes["db.system.name"] == (
            "mariadb" if dialect.name == "mysql" else dialect.name
        )
        assert attributes["db.operation.name"] == "load"
        assert attributes["db.collection.name"] == "litestar_sessions"
        assert attributes["litestar_sessions.rows"] == 1
        assert attributes["litestar_sessions.outcome"] == "done"
        assert attributes.get("server.address") == backend.engine.url.host
        observed.clock.advance(seconds=50)
        client.get("/")
        client.cookies.set("session", "0" * 64, domain="testserver.local")
        client.get("/")
        outcomes = {
            point.attributes["litestar_sessions.outcome"]: point.count
            for point in observed.metrics()["db.client.operation.duration"]
            if point.attributes["db.operation.name"] == "load"
        }
        assert outcomes == {"done": 2, "missed": 1}
        kinds = {
            point.attributes["kind"]: point.value
            for point in observed.metrics()["litestar_sessions.events"]
        }
        assert kinds == {"created": 1, "renewed": 1}
        (pending,) = observed.metrics()["db.client.connection.pending_requests"]
        assert pending.value == 0
        cookie = client.cookies["session"]
        everything = f"{[s.to_json() for s in observed.take()]} {observed.metrics()}"
        assert SECRET not in everything
        assert cookie not in everything


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_a_failure_names_its_kind_and_quotes_nothing(tmp_path: Path, driver: str) -> None:
    observed = Observed(f"{driver}:///{tmp_path}/empty.db", create_table=False)
    client = TestClient(observed.asgi)
    assert client.post("/set", json={"secret": SECRET}).status_code == 500
    create, _ = observed.take()
    assert create.status.status_code is StatusCode.ERROR
    assert not create.events
    assert SECRET not in create.to_json()
    error = create.attributes["error.type"]
    assert error == "SessionDatabaseError"
    failed = [
        point.attributes["error.type"]
        for point in observed.metrics()["db.client.operation.duration"]
        if point.attributes["litestar_sessions.outcome"] == "failed"
    ]
    assert failed == [error]


async def test_a_load_that_shared_a_statement_says_with_how_many_others(tmp_path: Path) -> None:
    observed = Observed(f"sqlite+aiosqlite:///{tmp_path}/s.db")
    storage = observed.plugin.config.create_backend().storage
    await storage.delete_all()
    observed.take()
    await gather(*(storage.load(f"{number:064}") for number in range(20)))
    spans = observed.take()
    shared = [s.attributes.get("litestar_sessions.shared_with") for s in spans]
    assert len(spans) == 20
    (point,) = observed.metrics()["litestar_sessions.shared_loads"]
    assert point.value == sum(others is not None for others in shared) > 1
    await observed.plugin.config.dispose()


def test_nothing_is_imported_or_wrapped_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.endswith("_requests.telemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    backend = SessionPlugin("sqlite://").config.create_backend()
    assert type(backend.storage).__name__ == "LimitedStorage"
    with pytest.raises(ConfigurationError, match=r"litestar-sessions\[otel\]"):
        SessionPlugin("sqlite://", telemetry=True)


@pytest.mark.parametrize("wrong", [None, 1, "yes", TracerProvider()])
def test_what_is_no_telemetry_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="telemetry="):
        SessionPlugin("sqlite://", telemetry=wrong)
