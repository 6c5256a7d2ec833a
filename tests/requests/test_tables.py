"""The table: dropped, replaced or lacking columns, at the start and while an application runs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import String, create_engine, text
from sqlalchemy.orm import Mapped, mapped_column

from litestar_sessions import (
    SessionModelMixin,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
)
from tests.support.apps import app_of, app_with, bare_app, serve, set_keys, show
from tests.support.databases import Database, url_on
from tests.support.models import MissingSession, NobodysBase, UserSession

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Litestar
    from sqlalchemy import Engine

    from tests.support.databases import StartedServers


class KindSession(SessionModelMixin, NobodysBase):
    """Its table lacks what the model has."""

    __tablename__ = "kind_sessions"
    kind: Mapped[str] = mapped_column(String(9), default="web")
    note: Mapped[str | None] = mapped_column(String(9))


def config_for(
    any_database: tuple[bool, Database], model: type[Any] = UserSession, **settings: Any
) -> SQLAlchemySessionConfig:
    is_async, database = any_database
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    return SQLAlchemySessionConfig(alchemy_config=kind(database.url), model=model, **settings)


def without_plugin(config: SQLAlchemySessionConfig) -> Litestar:
    return bare_app(
        [show, set_keys],
        middleware=[config.middleware],
        on_shutdown=[config.dispose],
    )


def beside(any_database: tuple[bool, Database]) -> Engine:
    """An engine for the same database, of somebody else."""
    _, database = any_database
    driver = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
    backend = database.url.get_backend_name()
    return create_engine(database.url.set(drivername=driver[backend]))


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def prepare(any_database: tuple[bool, Database], *changes: str) -> Engine:
    """Create the table of the model whose table lacks columns."""
    engine = beside(any_database)
    KindSession.__table__.drop(engine, checkfirst=True)  # type: ignore[attr-defined]  # it is a table
    KindSession.__table__.create(engine)  # type: ignore[attr-defined]  # as above
    execute(engine, *(f"ALTER TABLE kind_sessions DROP COLUMN {name}" for name in changes))
    return engine


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "litestar_sessions"]


def test_a_table_that_is_dropped_while_the_application_runs_is_created_again(
    any_database: tuple[bool, Database],
) -> None:
    with TestClient(app_of(config_for(any_database, create_table=True))) as client:
        client.post("/set", json={"user": "Ann"})
        for method, path in (("GET", "/"), ("POST", "/set"), ("POST", "/clear"), ("GET", "/")):
            execute(beside(any_database), "DROP TABLE user_sessions")
            assert client.request(method, path, json={"n": 1}).is_success, path
        client.post("/set", json={"user": "Bob"})
        assert client.get("/").json() == {"user": "Bob"}


@pytest.mark.parametrize(
    "url", ["sqlite:///{}", "sqlite+aiosqlite:///{}", "sqlite:///file:{}?uri=1"]
)
@pytest.mark.parametrize("how", ["the file", "all files", "replaced"])
def test_a_file_that_is_deleted_while_the_application_runs_is_created_again(
    tmp_path: Path, url: str, how: str
) -> None:
    path = tmp_path / "sessions.db"
    with TestClient(app_with(SessionPlugin(url.format(path)))) as client:
        client.post("/set", json={"user": "Ann"})
        for file in tmp_path.iterdir():
            if how != "the file" or file == path:
                file.unlink()
        if how == "replaced":
            execute(create_engine(f"sqlite:///{path}"), "CREATE TABLE other (id INTEGER)")
        for number in range(20):
            assert client.get("/").is_success
            assert client.post("/set", json={"number": number}).is_success
            assert client.get("/").json() == {"number": number}
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM litestar_sessions")).scalar() == 1
        engine.dispose()


def test_a_table_that_was_replaced_is_no_other_one(any_database: tuple[bool, Database]) -> None:
    with TestClient(app_of(config_for(any_database, create_table=True))) as client:
        client.post("/set", json={"user": "Ann"})
        engine = beside(any_database)
        UserSession.__table__.drop(engine)  # type: ignore[attr-defined]  # it is a table
        UserSession.__table__.create(engine)  # type: ignore[attr-defined]  # as above
        engine.dispose()
        assert client.get("/").json() == {}
        client.post("/set", json={"user": "Bob"})
        assert client.get("/").json() == {"user": "Bob"}


@pytest.mark.parametrize("create_table", [True, False])
def test_a_table_that_lacks_columns_stops_the_start_with_the_remedy(
    any_database: tuple[bool, Database], *, create_table: bool
) -> None:
    engine = prepare(any_database, "kind", "note", "data")
    app = app_of(config_for(any_database, KindSession, create_table=create_table))
    with pytest.raises(BaseException) as raised, TestClient(app):  # noqa: PT011 - a group
        pass
    problem = flat(raised.value)
    assert "ConfigurationError" in problem
    assert "lacks columns for sessions (kind, data)" in problem
    additions = problem[problem.index("ALTER") : problem.index(";)")].split(";")
    execute(engine, *(addition.strip() for addition in additions))
    serve(app_of(config_for(any_database, KindSession)))


def flat(error: BaseException) -> str:
    """Return what is in a group of errors."""
    inner = getattr(error, "exceptions", ())
    return " ".join(map(flat, inner)) if inner else repr(error)


@pytest.mark.parametrize("create_table", [True, False])
def test_without_the_plugin_the_first_use_says_what_is_missing(
    any_database: tuple[bool, Database], caplog: pytest.LogCaptureFixture, *, create_table: bool
) -> None:
    prepare(any_database, "kind").dispose()
    config = config_for(any_database, KindSession, create_table=create_table)
    app = without_plugin(config)
    with TestClient(app) as client:
        for _ in range(3):
            assert client.post("/set", json={"user": "Ann"}).status_code == 500
        assert client.get("/").is_success
        (record,) = told(caplog)
        assert "lacks columns for sessions (kind)" in record


def test_without_the_plugin_the_first_use_says_that_there_is_no_table(
    any_database: tuple[bool, Database], caplog: pytest.LogCaptureFixture
) -> None:
    prepare(any_database).dispose()
    execute(beside(any_database), "DROP TABLE kind_sessions")
    config = config_for(any_database, KindSession)
    app = without_plugin(config)
    with TestClient(app) as client:
        for _ in range(3):
            response = client.post("/set", json={"user": "Ann"})
            assert (response.status_code, "kind" in response.text) == (500, False)
        (record,) = told(caplog)
        assert "no table kind_sessions" in record
        assert "create_table=True" in record
        prepare(any_database).dispose()
        assert client.post("/set", json={"user": "Ann"}).is_success


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "mysql+pymysql"])
def test_a_server_that_was_down_at_the_start_has_its_table_checked_by_the_first_answer(
    own_servers: StartedServers, driver: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = own_servers.server(driver.partition("+")[0])
    database = Database(url_on(server, driver, server.database), server)
    config = config_for(("async" in driver, database), MissingSession)
    with ExitStack() as application:
        with server.stopped():
            client = application.enter_context(TestClient(app_of(config)))
        for _ in range(3):
            assert client.post("/set", json={"user": "Ann"}).status_code == 500
    problems = [message for message in told(caplog) if "missing_sessions" in message]
    assert problems == [problems[0]]
    assert "create_table=True" in problems[0]
