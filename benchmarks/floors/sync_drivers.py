"""Each sync driver alone, in autocommit and prepared."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql

from benchmarks.floors.statements import PRAGMAS, Floor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

__all__ = ("SYNC_FLOORS", "SyncFloor")


class SyncFloor(Floor):
    """A sync driver, with as many connections as there are threads."""

    def __init__(self, url: URL, table: str) -> None:
        super().__init__(url, table)
        self._connections: list[Any] = []

    def open(self, count: int) -> None:
        self._connections = [self.connect() for _ in range(count)]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def load(self, session_id: str) -> Any:
        return self._ask(self.sql_load, self.sought(session_id))

    def save(self, session_id: str, data: bytes) -> None:
        self._ask(self.sql_save, self.row(session_id, data))

    def create(self, session_id: str, data: bytes) -> None:
        self._ask(self.sql_create, self.row(session_id, data))

    def delete(self, session_id: str) -> None:
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
        return psycopg.connect(**self.address, dbname=self._url.database, autocommit=True)


class _Pymysql(SyncFloor):
    def connect(self) -> Any:
        return pymysql.connect(**self.address, database=self._url.database, autocommit=True)


class _Sqlite(SyncFloor):
    def connect(self) -> Any:
        connection = sqlite3.connect(
            str(self._url.database), isolation_level=None, check_same_thread=False
        )
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return connection


SYNC_FLOORS: dict[str, Callable[[URL, str], SyncFloor]] = {
    "postgresql+psycopg": _SyncPsycopg,
    "mysql+pymysql": _Pymysql,
    "sqlite+pysqlite": _Sqlite,
}
