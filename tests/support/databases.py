"""The databases that the tests run on, one for each driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import URL

from tests.support.servers import Server, start_mariadb, start_postgresql, start_redis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASYNC_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg", "postgresql+psycopg", "mysql+asyncmy")
SYNC_DRIVERS = ("sqlite+pysqlite", "postgresql+psycopg", "mysql+pymysql")

_STARTERS: dict[str, Callable[[], Server]] = {
    "postgresql": start_postgresql,
    "mysql": start_mariadb,
    "redis": start_redis,
}


@dataclass(frozen=True)
class Database:
    url: URL
    server: Server | None = None

    def cut(self) -> None:
        """End the connections of every client; a file has none."""
        if self.server is not None:
            self.server.cut()


class Servers:
    """The servers of one test run, each started when a test first needs it."""

    def __init__(self) -> None:
        self._started: dict[str, Server] = {}

    def redis(self) -> Server:
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
        backend = driver.partition("+")[0]
        if backend == "sqlite":
            return Database(URL.create(driver, database=str(folder / "sessions.db")))
        server = self._server(backend)
        url = URL.create(
            driver, server.user, server.password, server.host, server.port, server.database
        )
        return Database(url, server)

    def _server(self, backend: str) -> Server:
        if backend not in self._started:
            self._started[backend] = _STARTERS[backend]()
        return self._started[backend]

    def stop(self) -> None:
        for server in self._started.values():
            server.stop()
