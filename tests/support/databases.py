"""The databases that the tests run on, one for each driver."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import URL, create_engine

from tests.support.firebird import Firebird
from tests.support.servers import Server, start_mariadb, start_postgresql, start_redis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.support.servers import Access

ASYNC_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg", "postgresql+psycopg", "mysql+asyncmy")
SYNC_DRIVERS = tuple(
    os.environ.get("SYNC_DRIVERS", "sqlite+pysqlite postgresql+psycopg mysql+pymysql").split()
)

_STARTERS: dict[str, Callable[[], Server]] = {
    "postgresql": start_postgresql,
    "mysql": start_mariadb,
    "redis": start_redis,
}


@dataclass(frozen=True)
class Database:
    url: URL
    server: Access | None = None

    @property
    def twin(self) -> Database:
        """Another database on the same server, or in another file."""
        name = f"{self.url.database}_twin"
        if self.server is not None:
            self.server.make_database(name)
        return Database(self.url.set(database=name), self.server)

    def cut(self) -> None:
        """End the connections of every client; a file has none."""
        if self.server is not None:
            self.server.cut(str(self.url.database))


async def threads_of_aiosqlite_end() -> None:
    """Wait for those of connections that could not be opened: they want the event loop."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)


def sync_engine_on(database: Database) -> Engine:
    """Return an engine on which a test looks at a database, whatever driver it is for."""
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
    url = database.url.set(drivername=drivers[database.url.get_backend_name()])
    return create_engine(url)


def url_on(server: Access, driver: str, database: str) -> URL:
    return URL.create(driver, server.user, server.password, server.host, server.port, database)


class StartedServers:
    """The servers of this process, each started when it is first asked for."""

    def __init__(self) -> None:
        self._started: dict[str, Server] = {}

    def server(self, kind: str) -> Server:
        """Return the one server of a kind, which a SQLAlchemy driver's name begins with.

        Raises:
            Missing: It is not installed; the message says how to get it.
        """
        if kind not in self._started:
            self._started[kind] = _STARTERS[kind]()
        return self._started[kind]

    def stop(self) -> None:
        for server in self._started.values():
            server.stop()


class Servers:
    """Where the databases of this process are.

    Args:
        find: What returns the server of a kind; by default it is started when it is first needed.
        name: That of the databases, which nobody else uses.
    """

    def __init__(self, find: Callable[[str], Access] | None = None, name: str = "sessions") -> None:
        self._own = StartedServers()
        self._find = find or self._own.server
        self._name = name
        self._found: dict[str, Access] = {}
        self._firebird: Firebird | None = None

    def redis(self) -> Access:
        """Return the Redis server.

        Raises:
            Missing: It is not installed; the message says how to get it.
        """
        return self._server("redis")

    def database(self, driver: str, folder: Path) -> Database:
        """Return a database for the driver.

        Raises:
            Missing: Its server is not installed; the message says how to get it.
        """
        kind = driver.partition("+")[0]
        if kind in {"sqlite", "duckdb"}:
            return Database(URL.create(driver, database=str(folder / "sessions.db")))
        if kind == "firebird":
            self._firebird = self._firebird or Firebird()
            return Database(self._firebird.url(driver, self._name))
        server = self._server(kind)
        return Database(url_on(server, driver, self._name), server)

    def _server(self, kind: str) -> Access:
        if kind not in self._found:
            self._found[kind] = self._find(kind)
            self._found[kind].make_database(self._name)
        return self._found[kind]

    def stop(self) -> None:
        """Stop what was started here."""
        self._own.stop()
        if self._firebird is not None:
            self._firebird.stop()
