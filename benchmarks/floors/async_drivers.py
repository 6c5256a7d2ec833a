"""Each async driver alone, in autocommit and prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiosqlite
import asyncmy
import asyncpg
import psycopg

from benchmarks.floors.statements import PRAGMAS, Floor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

__all__ = ("ASYNC_FLOORS", "AsyncFloor")


class AsyncFloor(Floor):
    """An async driver, with as many connections as there are tasks."""

    def __init__(self, url: URL, table: str) -> None:
        super().__init__(url, table)
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

    async def save(self, session_id: str, data: bytes) -> None:
        await self._ask(self.sql_save, self.row(session_id, data))

    async def create(self, session_id: str, data: bytes) -> None:
        await self._ask(self.sql_create, self.row(session_id, data))

    async def delete(self, session_id: str) -> None:
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
        return await asyncpg.connect(**self.address, database=self._url.database)

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        return await connection.fetchrow(sql, *values)


class _AsyncPsycopg(AsyncFloor):
    async def connect(self) -> Any:
        return await psycopg.AsyncConnection.connect(
            **self.address, dbname=self._url.database, autocommit=True
        )

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        cursor = await connection.execute(sql, values)
        return await cursor.fetchone() if cursor.description else None


class _Asyncmy(AsyncFloor):
    async def connect(self) -> Any:
        return await asyncmy.connect(**self.address, db=self._url.database, autocommit=True)

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        async with connection.cursor() as cursor:
            await cursor.execute(sql, values)
            return await cursor.fetchone() if cursor.description else None


class _Aiosqlite(AsyncFloor):
    async def connect(self) -> Any:
        connection = await aiosqlite.connect(str(self._url.database), isolation_level=None)
        for pragma in PRAGMAS:
            await connection.execute(pragma)
        return connection

    async def ask(self, connection: Any, sql: str, values: tuple[Any, ...]) -> Any:
        async with connection.execute(sql, values) as cursor:
            return await cursor.fetchone()


ASYNC_FLOORS: dict[str, Callable[[URL, str], AsyncFloor]] = {
    "postgresql+asyncpg": _Asyncpg,
    "postgresql+psycopg": _AsyncPsycopg,
    "mysql+asyncmy": _Asyncmy,
    "sqlite+aiosqlite": _Aiosqlite,
}
