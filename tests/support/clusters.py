"""Throwaway clusters on loopback: Galera nodes, and a PostgreSQL server with a standby."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql

from tests.support.servers import (
    Missing,
    Server,
    free_port,
    mariadb_recipe,
    postgresql_recipe,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
# A node that joins is sent the data of another one by rsync, its own tables and accounts included.
_WSREP = f"""--binlog-format=ROW --innodb-autoinc-lock-mode=2 --wsrep-on=ON
    --wsrep-provider={_PROVIDER} --wsrep-cluster-name=sessions --wsrep-sst-method=rsync"""
_COPY = "pg_basebackup -h 127.0.0.1 -p {primary} -U postgres -D {directory} -R -c fast --no-sync"


@contextmanager
def galera_cluster(size: int = 3) -> Iterator[list[Server]]:
    """Lend the nodes of a Galera cluster, all of them ready, or raise `Missing`."""
    if not _PROVIDER.exists():
        raise Missing("Galera is missing: apt-get install galera-4 rsync")
    groups = [free_port() for _ in range(size)]
    with ExitStack() as stack:
        nodes: list[Server] = []
        for group in groups:
            nodes.append(_start_node(groups, group))
            stack.callback(nodes[-1].stop)
        yield nodes


def _start_node(groups: list[int], group: int) -> Server:
    """Start a node whose group port is the last argument; the first one founds the cluster."""
    recipe = mariadb_recipe()
    founds = group == groups[0]
    members = ",".join(f"127.0.0.1:{port}" for port in groups)
    provider = f"gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{free_port()}"
    serve = f"""{recipe.serve} {_WSREP} --wsrep-cluster-address=gcomm://{members}
        --wsrep-node-address=127.0.0.1:{group} --wsrep-provider-options={provider}
        --wsrep-sst-receive-address=127.0.0.1:{free_port()}
        {"--wsrep-new-cluster" if founds else ""}"""
    create = recipe.create if founds else ""
    recipe = replace(recipe, create=create, serve=serve, greet=_greet_node)
    return start(recipe, user="root", database="sessions")


def _greet_node(directory: Path, _port: int) -> None:
    (directory / "pid").stat()
    client = pymysql.connect(unix_socket=f"{directory}/socket", user="root")
    with client, client.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'wsrep_ready'")
        if cursor.fetchone() != ("wsrep_ready", "ON"):
            raise ConnectionRefusedError
        cursor.execute("CREATE DATABASE IF NOT EXISTS sessions")


@contextmanager
def applying_nothing(node: Server) -> Iterator[Callable[[], int]]:
    """Have a node not apply what others commit; lend what counts the statements that wait on it."""

    def waiting() -> int:
        # A node that waits for others would not answer from a table.
        cursor.execute("SHOW PROCESSLIST")
        return sum(f"{statement}".startswith("SELECT") for *_, statement, _ in cursor)

    with pymysql.connect(host=node.host, port=node.port, user=node.user) as client:
        cursor = client.cursor()
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        yield waiting
        cursor.execute("UNLOCK TABLES")


@contextmanager
def out_of_service(node: Server) -> Iterator[None]:
    """Have a node refuse all statements with error 1047, as one does that has lost the others."""
    with pymysql.connect(host=node.host, port=node.port, user=node.user) as client:
        cursor = client.cursor()
        cursor.execute("SET GLOBAL wsrep_reject_queries = ALL")
        yield
        cursor.execute("SET GLOBAL wsrep_reject_queries = NONE")


@dataclass(frozen=True)
class PostgreSQLPair:
    """A server that can be written to, and another one that follows it until they switch over."""

    primary: Server
    standby: Server

    def switch_over(self) -> None:
        """Make the primary read-only, also for who is connected, and the standby writable.

        No connection ends, and nothing that was committed is lost.
        """
        _ask(self.primary, "ALTER SYSTEM SET default_transaction_read_only = on")
        _ask(self.primary, "SELECT pg_reload_conf()")
        _wait_until(lambda: _ask(self.primary, "SHOW transaction_read_only") == "on")
        written = _ask(self.primary, "SELECT pg_current_wal_lsn()")
        replayed = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        _wait_until(lambda: _ask(self.standby, replayed))
        _ask(self.standby, "SELECT pg_promote()")


@contextmanager
def postgresql_pair() -> Iterator[PostgreSQLPair]:
    """Lend a PostgreSQL server and its standby, or raise `Missing`."""
    recipe = postgresql_recipe()
    with ExitStack() as stack:
        primary = start(recipe, user="postgres", database="postgres")
        stack.callback(primary.stop)
        copy = _COPY.replace("{primary}", f"{primary.port}")
        standby = start(replace(recipe, create=copy), user="postgres", database="postgres")
        stack.callback(standby.stop)
        yield PostgreSQLPair(primary, standby)


def _ask(server: Server, statement: str) -> Any:
    """Return the first value of the answer, if there is one."""
    login = f"host={server.host} port={server.port} user={server.user}"
    with psycopg.connect(login, autocommit=True) as client:
        cursor = client.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
