"""Several hosts in a URL: how they are spelled, what drivers get, and that one of them answers."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from litestar_sessions import (
    ConfigurationError,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
)
from litestar_sessions._drivers.urls import is_async_url, parse_url
from tests.support.apps import app_with, serve
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.databases import Servers, StartedServers

USUAL = [("a", 5432), ("b", 5432)]
MIXED = [("a", 6000), ("b", 5432)]
IPV6 = [("::1", 6000), ("fe80::2", 5432)]

SPELLINGS: dict[str, list[tuple[str, int]]] = {
    "u:p%40%2C%3A@a:6000,b:5432/db": MIXED,
    "u:p%40%2C%3A@a,b/db": USUAL,
    "u:p%40%2C%3A@a:,b:/db": USUAL,
    "u:p%40%2C%3A@a:6000,b/db": MIXED,
    "u:p%40%2C%3A@b,a:6000/db": MIXED[::-1],
    "u:p%40%2C%3A@[::1]:6000,[fe80::2]/db": IPV6,
    "u:p%40%2C%3A@[::1],b:6000/db": [("::1", 5432), ("b", 6000)],
    "u:p%40%2C%3A@b:6000,[::1]/db": [("b", 6000), ("::1", 5432)],
    "u:p%40%2C%3A@%2Frun%2Fpg,b/db": [("/run/pg", 5432), ("b", 5432)],
    "u:p%40%2C%3A@/db?host=a:6000&host=b:5432": MIXED,
    "u:p%40%2C%3A@/db?host=a:6000&host=b": MIXED,
    "u:p%40%2C%3A@/db?host=a,b": USUAL,
    "u:p%40%2C%3A@/db?host=a,b&port=6000,": MIXED,
    "u:p%40%2C%3A@/db?host=a,b&port=6000": [("a", 6000), ("b", 6000)],
    "u:p%40%2C%3A@/db?host=::1,fe80::2&port=6000,5432": IPV6,
    "u:p%40%2C%3A@/db?host=[::1]:6000&host=[fe80::2]": IPV6,
    "u:p%40%2C%3A@:6000/db?host=a,b": [("a", 6000), ("b", 6000)],
    "u:p%40%2C%3A@a,b/db?port=6000": [("a", 6000), ("b", 6000)],
    "u:p%40%2C%3A@a:6000,b/db?port=5432": MIXED,
    "u:p%40%2C%3A@a,b/db?port=6000,5432": MIXED,
    # As in libpq, the query wins.
    "u:p%40%2C%3A@x,y/db?host=a,b": USUAL,
}
DRIVERS = ("asyncpg", "psycopg", "psycopg_async", "psycopg2")
LOGIN: dict[str, Any] = {"username": "u", "password": "hush", "database": "db"}
ONE_HOST: list[tuple[str, str | URL]] = [
    ("mysql+asyncmy", "mysql+asyncmy://u:hush@a,b/db"),
    ("mariadb+pymysql", "mariadb+pymysql://u:hush@a:3306,b:3306/db"),
    ("mysql+pymysql", "mysql+pymysql://u:hush@/db?host=a&host=b"),
    ("mysql+pymysql", URL.create("mysql+pymysql", **LOGIN, host="a,b")),
    ("sqlite", "sqlite://u:hush@a,b/db"),
    ("postgresql+pg8000", "postgresql+pg8000://u:hush@a:5432,b:5432/db"),
    ("postgresql+pg8000", URL.create("postgresql+pg8000", **LOGIN, query={"host": "a,b"})),
]
UNTOUCHED = [
    "sqlite:////a,b/c,d.db",
    "mysql+pymysql://u:p,w@host/a,b?charset=utf8mb4",
    "postgresql+asyncpg://u:p,w@host/db?ssl=prefer,x",
    "postgresql+asyncpg://u:p/w,x@host:5432/db",
    "postgresql+asyncpg://u@[::1]:5432/db",
    "postgresql+psycopg://u@/db?host=/run/postgresql",
    "postgresql+psycopg://",
    "mssql+pyodbc://u:p@host,1433/db?driver=x",
]


@pytest.fixture(autouse=True)
def _no_defaults_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGPORT", "PGTARGETSESSIONATTRS"):
        monkeypatch.delenv(name, raising=False)


def connect_arguments(connection_string: str | URL) -> dict[str, Any]:
    """Return what SQLAlchemy gives to the driver."""
    url, dialect = parse_url(connection_string)
    positional, named = dialect().create_connect_args(url)
    assert positional == []
    return dict(named)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize(("text", "expected"), SPELLINGS.items())
def test_each_driver_gets_the_hosts_as_it_wants_them(
    driver: str, text: str, expected: list[tuple[str, int]]
) -> None:
    arguments = connect_arguments(f"postgresql+{driver}://{text}")
    hosts, ports = [host for host, _ in expected], [port for _, port in expected]
    if driver == "asyncpg":
        assert (arguments["host"], arguments["port"]) == (hosts, ports)
    else:
        assert arguments["host"] == ",".join(hosts)
        assert arguments["port"] == ",".join(map(str, ports))
    assert (arguments["user"], arguments["password"]) == ("u", "p@,:")
    assert arguments.get("dbname", arguments.get("database")) == "db"
    assert arguments["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("driver", DRIVERS)
def test_further_parameters_stay_and_win(driver: str) -> None:
    arguments = connect_arguments(
        f"postgresql+{driver}://u@a,b/db?target_session_attrs=any&application_name=x"
    )
    assert arguments["target_session_attrs"] == "any"
    assert arguments["application_name"] == "x"


def test_the_environment_of_libpq_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6001")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "any")
    arguments = connect_arguments("postgresql+asyncpg://a,b:6002/db")
    assert arguments["port"] == [6001, 6002]
    assert arguments["target_session_attrs"] == "any"


OBJECTS: list[dict[str, Any]] = [
    {"host": "a:6000,b"},
    {"query": {"host": ("a:6000", "b")}},
    {"query": {"host": "a,b", "port": "6000,5432"}},
]


@pytest.mark.parametrize("parts", OBJECTS)
def test_a_url_object_may_have_several_hosts(parts: dict[str, Any]) -> None:
    arguments = connect_arguments(URL.create("postgresql+asyncpg", **LOGIN, **parts))
    assert (arguments["host"], arguments["port"]) == (["a", "b"], [6000, 5432])
    assert arguments["password"] == "hush"


@pytest.mark.parametrize("text", UNTOUCHED)
def test_one_host_is_left_to_sqlalchemy(text: str) -> None:
    url, _ = parse_url(text)
    assert url == make_url(text)


@pytest.mark.parametrize(("driver", "source"), ONE_HOST)
def test_a_driver_that_takes_one_host_is_named(driver: str, source: str | URL) -> None:
    with pytest.raises(ConfigurationError, match=r"takes one host.*proxy") as raised:
        is_async_url(source)
    assert str(raised.value).startswith(driver)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    "source",
    [
        "postgresql+asyncpg://u:hush@a:x,b/db",
        "postgresql+asyncpg://u:hush@a,,b/db",
        "postgresql+asyncpg://u:hush@a,/db",
        "postgresql+asyncpg://u:hush@::1,::2/db",
        "postgresql+asyncpg://u:hush@[::1,[::2]/db",
        # The password is "hu@sh" and not encoded: a part of it would be the name of a host.
        "postgresql+asyncpg://u:hu@hush@a:5432,b:5432/db",
    ],
)
def test_what_is_no_list_of_hosts_is_refused_without_the_password(source: str) -> None:
    with pytest.raises(ConfigurationError, match="no database URL") as raised:
        SessionPlugin(source)
    assert "hush" not in str(raised.value)


def test_a_url_object_with_several_hosts_and_one_port_is_refused() -> None:
    source = URL.create("postgresql+asyncpg", **LOGIN, host="a,b", port=6000)
    with pytest.raises(ConfigurationError, match="each host its own") as raised:
        parse_url(source)
    assert "hush" not in str(raised.value)


def test_ports_that_do_not_match_the_hosts_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="as many ports as hosts"):
        parse_url("postgresql+psycopg://u@/db?host=a,b,c&port=1,2")


WAYS = {
    "asyncpg": ("asyncpg", SQLAlchemyAsyncConfig),
    "psycopg, async": ("psycopg", SQLAlchemyAsyncConfig),
    "psycopg, sync": ("psycopg", SQLAlchemySyncConfig),
    "psycopg2": ("psycopg2", SQLAlchemySyncConfig),
}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def serve_from(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """What serves a visitor from a list of hosts with a database, by each driver."""
    driver, config = request.param

    def serve_visitor(place: str) -> None:
        engine_config = config(f"postgresql+{driver}://postgres@{place}")
        serve(app_with(SessionPlugin(engine_config, model=UserSession, create_table=True)))

    return serve_visitor


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else can have meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def test_a_host_that_is_down_is_passed_over(
    serve_from: Callable[[str], None], servers: Servers, tmp_path: Path, dead_port: int
) -> None:
    url = servers.database("postgresql+psycopg", tmp_path).url
    serve_from(f"127.0.0.1:{dead_port},{url.host}:{url.port}/{url.database}")


def test_a_plugin_takes_such_a_url(servers: Servers, tmp_path: Path, dead_port: int) -> None:
    url = servers.database("postgresql+asyncpg", tmp_path).url
    hosts = f"127.0.0.1:{dead_port},{url.host}:{url.port}"
    source = f"postgresql+asyncpg://postgres:p%40%2C@{hosts}/{url.database}"
    serve(app_with(SessionPlugin(source, model=UserSession)))


def test_a_server_that_takes_no_writes_is_passed_over(
    serve_from: Callable[[str], None],
    servers: Servers,
    own_servers: StartedServers,
    tmp_path: Path,
) -> None:
    url = servers.database("postgresql+psycopg", tmp_path).url
    standby = own_servers.server("postgresql")
    standby.make_database(str(url.database))
    with psycopg.connect(host=standby.host, port=standby.port, user="postgres") as admin:
        change = "ALTER DATABASE {} SET default_transaction_read_only = on"
        admin.execute(sql.SQL(change).format(sql.Identifier(str(url.database))))
    serve_from(f"{standby.host}:{standby.port},{url.host}:{url.port}/{url.database}")
    with psycopg.connect(
        host=standby.host, port=standby.port, user="postgres", dbname=str(url.database)
    ) as connection:
        assert connection.execute("SELECT to_regclass('user_sessions')").fetchone() == (None,)
