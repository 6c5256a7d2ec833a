"""The floor: what each driver does when nothing is above it, in autocommit and prepared."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aiosqlite
import asyncmy
import asyncpg
import psycopg
import pymysql

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

__all__ = ("ASYNC_FLOORS", "SYNC_FLOORS", "AsyncFloor", "SyncFloor")

TABLE = "sessions_here"
_COLUMNS = "id, session_id, data, expires_at"
_ON_CONFLICT = (
    "ON CONFLICT (session_id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at"
)
_ON_DUPLICATE = "ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at)"


class _Floor:
    """The statements of one driver, with parameters as it wants them."""

    def __init__(self, url: URL, data: bytes) -> None:
        self._url = url
        self._data = data
        backend = url.get_backend_name()
        self._is_postgresql = backend == "postgresql"
        self._is_sqlite = backend == "sqlite"
        marks = ["%s"] * 4
        if url.drivername == "postgresql+asyncpg":
            marks = ["$1", "$2", "$3", "$4"]
        elif self._is_sqlite:
            marks = ["?"] * 4
        upsert = _ON_DUPLICATE if backend == "mysql" else _ON_CONFLICT
        self.sql_load = (
            f"SELECT {_COLUMNS} FROM {TABLE} "  # noqa: S608 - constants
            f"WHERE session_id = {marks[0]} AND expires_at > {marks[1]}"
        )
        self.sql_create = f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES ({', '.join(marks)})"  # noqa: S608 - constants
        self.sql_save = f"{self.sql_create} {upsert}"
        self.sql_delete = f"DELETE FROM {TABLE} WHERE session_id = {marks[0]}"  # noqa: S608 - constants

    def sought(self, session_id: str) -> tuple[Any, ...]:
        return session_id, self._spelled(datetime.now(timezone.utc))

    def row(self, session_id: str) -> tuple[Any, ...]:
        later = datetime.now(timezone.utc) + timedelta(days=1)
        key = uuid4()
        return (
            key if self._is_postgresql else key.bytes,
            session_id,
            self._data,
            self._spelled(later),
        )

    def _spelled(self, moment: datetime) -> datetime | str:
        if self._is_postgresql:
            return moment
        naive = moment.replace(tzinfo=None)
        return naive.isoformat(" ", "microseconds") if self._is_sqlite else naive

    @property
    def _address(self) -> dict[str, Any]:
        return {"host": self._url.host, "port": self._url.port, "user": self._url.username}


class AsyncFloor(_Floor):
    """An async driver, with as many connections as there are tasks."""

    def __init__(self, url: URL, data: bytes) -> None:
        super().__init__(url, data)
        self._connections: list[Any] = []

    async def open(self, count: int) -> None:
        self._connections = [await self.connect() for _ in range(count)]

    async def close(self) -> None:
        for connection in self._connections:
            closing = connection.close()
            if closing is not None:
                await closing

    async def load(self, session_id: str) -> Any:
        return await self._ask(self.sql_load, self.sought(session_id))

    async def save(self, session_id: str) -> None:
        await self._ask(self.sql_save, self.row(session_id))

    async def create_and_delete(self, session_id: str) -> None:
        await self._ask(self.sql_create, self.row(session_id))
        await self._ask(self.sql_delete, (session_id,))

    async def _ask(self, sql: str, values: tuple[Any, ...]) -> Any:
        connection = self._connections.pop()
        try:
            return await self.ask(connection, sql, values)
        finally:
            self._connections.append(connection)

    async def connect(self) -> Any:
        raise NotImplementedError

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        raise NotImplementedError


class _Asyncpg(AsyncFloor):
    async def connect(self) -> Any:
        return await asyncpg.connect(**self._address, database=self._url.database)

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        return await connection.fetchrow(sql, *values)


class _AsyncPsycopg(AsyncFloor):
    async def connect(self) -> Any:
        return await psycopg.AsyncConnection.connect(
            **self._address, dbname=self._url.database, autocommit=True
        )

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        cursor = await connection.execute(sql, values)
        return await cursor.fetchone() if cursor.description else None


class _Asyncmy(AsyncFloor):
    async def connect(self) -> Any:
        return await asyncmy.connect(**self._address, db=self._url.database, autocommit=True)

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        async with connection.cursor() as cursor:
            await cursor.execute(sql, values)
            return await cursor.fetchone() if cursor.description else None


class _Aiosqlite(AsyncFloor):
    async def connect(self) -> Any:
        connection = await aiosqlite.connect(str(self._url.database), isolation_level=None)
        for pragma in _PRAGMAS:
            await connection.execute(pragma)
        return connection

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        async with connection.execute(sql, values) as cursor:
            return await cursor.fetchone()


_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA busy_timeout = 10000",
)


class SyncFloor(_Floor):
    """A sync driver, with as many connections as there are threads."""

    def __init__(self, url: URL, data: bytes) -> None:
        super().__init__(url, data)
        self._connections: list[Any] = []

    def open(self, count: int) -> None:
        self._connections = [self.connect() for _ in range(count)]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def load(self, session_id: str) -> Any:
        return self._ask(self.sql_load, self.sought(session_id))

    def save(self, session_id: str) -> None:
        self._ask(self.sql_save, self.row(session_id))

    def create_and_delete(self, session_id: str) -> None:
        self._ask(self.sql_create, self.row(session_id))
        self._ask(self.sql_delete, (session_id,))

    def _ask(self, sql: str, values: tuple[Any, ...]) -> Any:
        connection = self._connections.pop()
        try:
            return self.ask(connection, sql, values)
        finally:
            self._connections.append(connection)

    def connect(self) -> Any:
        raise NotImplementedError

    def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        cursor = connection.cursor()
        cursor.execute(sql, values)
        row = cursor.fetchone() if cursor.description else None
        cursor.close()
        return row


class _SyncPsycopg(SyncFloor):
    def connect(self) -> Any:
        return psycopg.connect(**self._address, dbname=self._url.database, autocommit=True)


class _Pymysql(SyncFloor):
    def connect(self) -> Any:
        return pymysql.connect(**self._address, database=self._url.database, autocommit=True)


class _Sqlite(SyncFloor):
    def connect(self) -> Any:
        connection = sqlite3.connect(
            str(self._url.database), isolation_level=None, check_same_thread=False
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection


ASYNC_FLOORS: dict[str, Callable[[URL, bytes], AsyncFloor]] = {
    "postgresql+asyncpg": _Asyncpg,
    "postgresql+psycopg": _AsyncPsycopg,
    "mysql+asyncmy": _Asyncmy,
    "sqlite+aiosqlite": _Aiosqlite,
}
SYNC_FLOORS: dict[str, Callable[[URL, bytes], SyncFloor]] = {
    "postgresql+psycopg": _SyncPsycopg,
    "mysql+pymysql": _Pymysql,
    "sqlite+pysqlite": _Sqlite,
}
