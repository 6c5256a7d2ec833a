"""What the demo says when it cannot start, or when its database has stopped."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.databases import url_on
from tests.support.demo import Visitor, demo, failure

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Servers, StartedServers


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "mysql+pymysql"])
def test_a_database_that_has_stopped_is_explained(
    driver: str, own_servers: StartedServers, tmp_path: Path
) -> None:
    server = own_servers.server(driver.partition("+")[0])
    url = url_on(server, driver, server.database)
    with demo(url, tmp_path) as address, Visitor(base_url=address) as visitor:
        visitor.send_form("/sign-in", name="Ann")
        token = visitor.cookies["demo_csrf"]
        with server.stopped():
            for page in (
                visitor.get("/"),
                visitor.post("/basket/add", data={"_csrf_token": token, "item": "tea"}),
                visitor.post("/sign-out", data={"_csrf_token": token}),
            ):
                assert page.status_code == 503
                assert "The database that keeps your session does not answer" in page.text
            # Whoever has no session needs no database.
            with Visitor(base_url=address) as newcomer:
                assert newcomer.get("/").status_code == 200


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "no database URL"),
        ("postgresql+asyncpg://ann:hu@hush@host/db", "no database URL"),
        ("postgresql+asyncpg://ann:hush@host:port/db", "no database URL"),
        ("postgres://ann:hush@host/db", "no dialect 'postgres'"),
        ("oracle+oracledb://ann:hush@host/db", "pip install oracledb"),
        ("sqlite+aiosqlite:///no/such/folder/hush.db", "unable to open database file"),
        ("sqlite:///no/such/folder/hush.db", "unable to open database file"),
        ("postgresql+asyncpg://ann:hush@127.0.0.1:1/db", "onnect"),
        ("postgresql+psycopg://ann:hush@127.0.0.1:1/db", "onnect"),
        ("mysql+asyncmy://ann:hush@127.0.0.1:1/db", "onnect"),
        ("mysql+pymysql://ann:hush@127.0.0.1:1/db", "onnect"),
        ("postgresql+asyncpg://ann:hush@no-such-host.invalid/db", "no-such-host"),
    ],
)
def test_a_url_that_cannot_work_is_one_line(url: str, reason: str, tmp_path: Path) -> None:
    line = failure(url, tmp_path)
    assert reason in line
    assert "hush" not in line.replace("hush.db", "")


@pytest.mark.parametrize(
    "driver", ["postgresql+asyncpg", "postgresql+psycopg", "mysql+asyncmy", "mysql+pymysql"]
)
@pytest.mark.parametrize("wrong", ["database", "password"])
def test_what_the_server_refuses_is_one_line(
    driver: str, wrong: str, servers: Servers, tmp_path: Path
) -> None:
    url = servers.database(driver, tmp_path).url
    if wrong == "database":
        url = url.set(database="no_such_database")
    else:
        url = url.set(username="nobody_known", password="hush-hush")
    line = failure(url, tmp_path)
    assert ("no_such_database" if wrong == "database" else "nobody_known") in line
    assert "hush" not in line


BOTH_KINDS = ("postgresql+asyncpg", "mysql+pymysql")


@pytest.fixture(scope="module")
def no_answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the demo says of a server that never answers, by driver: they wait for it together."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as threads:
        address = f"ann:hush@127.0.0.1:{listener.getsockname()[1]}/db"
        folder = tmp_path_factory.mktemp("demo")
        lines = threads.map(lambda driver: failure(f"{driver}://{address}", folder), BOTH_KINDS)
        return dict(zip(BOTH_KINDS, lines, strict=True))


@pytest.mark.parametrize("driver", BOTH_KINDS)
def test_a_server_that_never_answers_is_one_line(driver: str, no_answers: dict[str, str]) -> None:
    assert "no answer within 5 seconds" in no_answers[driver]


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = failure("sqlite://", tmp_path, port)
    assert f"Port {port} cannot be used: Address already in use" in line


@pytest.mark.parametrize("port", ["http", "65536", "-1"])
def test_what_is_no_port_is_one_line(tmp_path: Path, port: str) -> None:
    assert "PORT must be a number" in failure("sqlite://", tmp_path, port)
