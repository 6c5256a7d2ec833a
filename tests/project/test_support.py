from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql
import pytest

from tests.support import servers
from tests.support.roundtrips import RoundTripProxy
from tests.support.servers import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.databases import StartedServers
    from tests.support.servers import Server

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024
BROKEN = (psycopg.OperationalError, pymysql.OperationalError)
FORGETFUL = """
from tests.support.servers import start_postgresql
server = start_postgresql()
print(server.port, server.data_directory, flush=True)
input()
"""


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest, own_servers: StartedServers) -> Server:
    return own_servers.server(request.param)


@pytest.fixture(scope="module")
def other(server: Server) -> Iterator[Server]:
    """A second server of the kind, which finds its first choice of a port taken."""
    ports = iter([server.port, servers.free_port()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "free_port", lambda: next(ports))
        other = servers.start(server._recipe, server.user, server.database)
    yield other
    other.stop()


@pytest.fixture
def proxy(server: Server) -> Iterator[RoundTripProxy]:
    with RoundTripProxy(server.host, server.port) as proxy:
        yield proxy


@pytest.fixture
def connection(server: Server, proxy: RoundTripProxy) -> Iterator[Any]:
    """A connection through the proxy, which counts from here on."""
    with closing(connect(server, proxy.port)) as connection:
        proxy.reset()
        yield connection


def connect(server: Server, port: int) -> Any:
    login: dict[str, Any] = {
        "host": server.host,
        "port": port,
        "user": server.user,
        "password": server.password,
        "autocommit": True,
    }
    if is_postgresql(server):
        return psycopg.connect(**login, dbname=server.database)
    return pymysql.connect(**login, database=server.database, ssl_disabled=True)


def query(connection: Any, statement: str, *values: object) -> Any:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if cursor.description else None


@contextmanager
def forgetful_interpreter() -> Iterator[tuple[Popen[str], int, Path]]:
    """Run an interpreter that waits for input, and does not stop the server it has started."""
    command = [sys.executable, "-c", FORGETFUL]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        port, directory = process.stdout.readline().split()
        yield process, int(port), Path(directory)
    shutil.rmtree(directory, ignore_errors=True)


def is_postgresql(server: Server) -> bool:
    return server.user == "postgres"


def is_closed(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_answers_in_a_time_zone_of_its_own(server: Server) -> None:
    statement = "SHOW timezone" if is_postgresql(server) else "SELECT @@time_zone"
    with closing(connect(server, server.port)) as connection:
        assert query(connection, statement) in {"Asia/Tokyo", "+05:00"}


def test_a_server_compares_text_as_servers_usually_do(server: Server) -> None:
    with closing(connect(server, server.port)) as connection:
        assert query(connection, "SELECT 'a' = 'A'") == (not is_postgresql(server))


def test_two_servers_at_once_share_nothing(server: Server, other: Server) -> None:
    assert other.port != server.port
    assert other.pid != server.pid
    assert other.data_directory != server.data_directory
    for each in (server, other):
        with closing(connect(each, each.port)) as connection:
            assert query(connection, "SELECT 1") == 1


def test_a_restart_keeps_port_and_data_but_no_connection(server: Server) -> None:
    before = server.pid
    with closing(connect(server, server.port)) as connection:
        query(connection, "CREATE TABLE kept (id integer)")
        query(connection, "INSERT INTO kept VALUES (42)")
        server.restart()
        with pytest.raises(BROKEN):
            query(connection, "SELECT 1")
    with closing(connect(server, server.port)) as connection:
        assert query(connection, "SELECT id FROM kept") == 42
    assert server.pid != before


def test_a_server_outlives_the_thread_that_restarted_it(server: Server) -> None:
    with ThreadPoolExecutor(1) as threads:
        threads.submit(server.restart).result()
    time.sleep(0.1)
    with closing(connect(server, server.port)) as connection:
        assert query(connection, "SELECT 1") == 1


def test_a_stopped_server_leaves_neither_process_nor_directory(other: Server) -> None:
    other.stop()
    other.stop()
    assert is_closed(other.port)
    assert not other.data_directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(other.pid, 0)


def test_a_forgotten_server_ends_with_its_interpreter() -> None:
    with forgetful_interpreter() as (process, port, directory):
        process.communicate()
        assert is_closed(port)
        assert not directory.exists()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="takes a service of Linux")
def test_a_server_does_not_outlive_a_killed_interpreter() -> None:
    with forgetful_interpreter() as (process, port, _):
        process.kill()
        wait_until(lambda: is_closed(port))


def test_a_server_that_does_not_start_shows_its_log(server: Server) -> None:
    recipe = replace(server._recipe, create=f"{server._recipe.create} --nonsense")
    with pytest.raises(RuntimeError, match=r"\n.*nonsense"):
        servers.start(recipe, server.user, server.database)


def test_a_missing_server_is_named_with_its_remedy(server: Server) -> None:
    recipe = replace(server._recipe, create="no-such-program")
    with pytest.raises(Missing, match="is missing: apt-get install"):
        servers.start(recipe, server.user, server.database)


def test_a_statement_is_one_round_trip(connection: Any, proxy: RoundTripProxy) -> None:
    query(connection, "SELECT 1")
    assert proxy.count == 1
    query(connection, "SELECT 1")
    assert proxy.count == 2


@pytest.mark.parametrize("size", [5 * MEGABYTE, 16 * MEGABYTE])
def test_a_value_of_many_segments_is_one_round_trip_and_comes_back_whole(
    connection: Any, proxy: RoundTripProxy, size: int
) -> None:
    value = os.urandom(MEGABYTE // 2).hex().encode() * (size // MEGABYTE)
    assert query(connection, "SELECT %s", value) == value
    assert proxy.count == 1


def test_round_trips_of_many_connections_add_up(server: Server, proxy: RoundTripProxy) -> None:
    connections = [connect(server, proxy.port) for _ in range(40)]
    proxy.reset()
    with ThreadPoolExecutor(len(connections)) as threads:
        for _ in range(5):
            assert set(threads.map(partial(query, statement="SELECT 1"), connections)) == {1}
    assert proxy.connections == 40
    for connection in connections:
        connection.close()
    wait_until(lambda: proxy.connections == 0)
    assert proxy.count == 40 * 5  # and none for taking leave


def test_pieces_of_a_message_are_not_counted_apart() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        RoundTripProxy(*listener.getsockname()) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as client,
        listener.accept()[0] as server,
    ):
        for sender, receiver, count in [
            (server, client, 0),  # as MariaDB greets
            (client, server, 0),
            (client, server, 0),
            (server, client, 1),
            (server, client, 1),
            (client, server, 1),
            (server, client, 2),
        ]:
            sender.sendall(b"x")
            assert receiver.recv(1) == b"x"
            assert proxy.count == count


def test_a_server_takes_the_connections_of_its_proxy_along(
    server: Server, connection: Any, proxy: RoundTripProxy
) -> None:
    server.restart()
    wait_until(lambda: proxy.connections == 0)
    with pytest.raises(BROKEN):
        query(connection, "SELECT 1")
    with closing(connect(server, proxy.port)) as connection_afterwards:
        assert query(connection_afterwards, "SELECT 1") == 1


def test_a_proxy_takes_its_connections_along(server: Server) -> None:
    with RoundTripProxy(server.host, server.port) as proxy:
        connection = connect(server, proxy.port)
    with closing(connection), pytest.raises(BROKEN):
        query(connection, "SELECT 1")
    assert is_closed(proxy.port)


def test_a_proxy_without_a_server_hangs_up(server: Server) -> None:
    with RoundTripProxy(server.host, servers.free_port()) as proxy, pytest.raises(BROKEN):
        connect(server, proxy.port)
