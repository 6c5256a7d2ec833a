"""A TCP proxy whose server falls silent, forgets connections, loses answers or hangs up."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.roundtrips import RoundTripProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from sqlalchemy import URL

    from tests.support.databases import Database
    from tests.support.roundtrips import _End

__all__ = ("ON_A_WIRE", "FaultyProxy", "Fragile", "fragile_database", "through_faults")


ON_A_WIRE = (
    "async postgresql+asyncpg",
    "async postgresql+psycopg",
    "async mysql+asyncmy",
    "sync postgresql+psycopg",
    "sync postgresql+psycopg2",
    "sync mysql+pymysql",
)
"""The halves and drivers whose databases are not files."""


class FaultyProxy(RoundTripProxy):
    """Stands for the network between a client and a server, and for what goes wrong there."""

    _refuses = False
    _is_silent = False
    _loses_answer = False

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.sent = 0
        """How often clients have sent something, or connected."""
        self._forgotten: set[_End] = set()
        self._doomed: set[_End] = set()

    def forget(self) -> None:
        """Drop whatever comes on the connections that are open, as a firewall does."""
        self._forgotten |= self._ends

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Drop whatever comes, on new connections too; those of that time stay silent for ever."""
        self.forget()
        self._is_silent = True
        try:
            yield
        finally:
            self._is_silent = False

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Hang up, on whoever connects too."""
        self._refuses = True
        self.hang_up()
        try:
            yield
        finally:
            self._refuses = False

    def hang_up(self) -> None:
        """Close the connections that are open; each at the next thing that is sent on it."""
        self._doomed |= {end for end in tuple(self._ends) if end.is_client}

    def lose_next_answer(self) -> None:
        """Let the server do what it is asked next; hang up in place of the answer."""
        self._loses_answer = True

    def _accept(self) -> None:
        if self._refuses:
            client, _ = self._listener.accept()
            client.close()
            return
        self.sent += 1
        before = set(self._ends)
        super()._accept()
        if self._is_silent:
            self._forgotten |= self._ends - before

    def _read(self, end: _End) -> None:
        if end in self._forgotten:
            self._drop(end)
        elif end in self._doomed:
            self._cut(end)
        elif not end.is_client and end.is_asked and self._loses_answer:
            self._loses_answer = False
            self._cut(end)
        else:
            super()._read(end)

    def _drop(self, end: _End) -> None:
        try:
            data = end.socket.recv(256 * 1024)
        except OSError:
            data = b""
        if data:
            self._count_answer(end)
        else:
            self._cut(end)

    def _count_answer(self, end: _End) -> None:
        self.sent += end.is_client
        super()._count_answer(end)

    def _cut(self, end: _End) -> None:
        self._close(end)
        self._close(end.peer)


@dataclass
class Fragile:
    """A database that a test may have fail."""

    is_async: bool
    url: URL
    proxy: FaultyProxy | None

    @asynccontextmanager
    async def outage(self, dispose: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Let nobody reach the database; a file is out of reach once connections are disposed."""
        if self.proxy is not None:
            with self.proxy.outage():
                yield
            return
        await dispose()
        threads = set(threading.enumerate())
        with _out_of_reach(Path(str(self.url.database))):
            yield
            await dispose()
        _wait_for_aiosqlite(threads)


def _wait_for_aiosqlite(former: set[threading.Thread]) -> None:
    """Wait for threads whose connections could not be opened, which tell their loop of their end.

    aiosqlite itself does not wait for them, and one that is late fails on a closed loop.
    """
    for thread in set(threading.enumerate()) - former:
        if "_connection_worker_thread" in thread.name:
            thread.join(timeout=30)


@contextmanager
def _out_of_reach(file: Path) -> Iterator[None]:
    file.rename(aside := file.with_suffix(".aside"))
    file.mkdir()
    try:
        yield
    finally:
        file.rmdir()
        aside.rename(file)


@contextmanager
def fragile_database(database: Database, *, is_async: bool) -> Iterator[Fragile]:
    """Lend a database that may fail."""
    if database.server is None:
        yield Fragile(is_async, database.url, None)
        return
    with through_faults(database) as (proxy, url):
        yield Fragile(is_async, url, proxy)


@contextmanager
def through_faults(database: Database) -> Iterator[tuple[FaultyProxy, URL]]:
    """Lend a proxy in front of a database, and the URL of the database behind it."""
    assert database.server is not None, "a file has no network in between"
    with FaultyProxy("127.0.0.1", database.server.port) as proxy:
        yield proxy, database.url.set(port=proxy.port)
