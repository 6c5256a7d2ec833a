"""The statements of each driver, as it wants them when nothing is above it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ("PRAGMAS", "Floor")

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA busy_timeout = 10000",
)
_COLUMNS = "id, session_id, data, expires_at"
_ON_CONFLICT = (
    "ON CONFLICT (session_id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at"
)
_ON_DUPLICATE = "ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at)"


class Floor:
    """The statements of one driver, with parameters as it wants them."""

    def __init__(self, url: URL, table: str) -> None:
        self._url = url
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
            f"SELECT {_COLUMNS} FROM {table} "  # noqa: S608 - constants
            f"WHERE session_id = {marks[0]} AND expires_at > {marks[1]}"
        )
        self.sql_create = f"INSERT INTO {table} ({_COLUMNS}) VALUES ({', '.join(marks)})"  # noqa: S608 - constants
        self.sql_save = f"{self.sql_create} {upsert}"
        self.sql_delete = f"DELETE FROM {table} WHERE session_id = {marks[0]}"  # noqa: S608 - constants

    def sought(self, session_id: str) -> tuple[Any, ...]:
        return session_id, self._spelled(datetime.now(timezone.utc))

    def row(self, session_id: str, data: bytes) -> tuple[Any, ...]:
        later = datetime.now(timezone.utc) + timedelta(days=1)
        key = uuid4()
        return (
            key if self._is_postgresql else key.bytes,
            session_id,
            data,
            self._spelled(later),
        )

    def _spelled(self, moment: datetime) -> datetime | str:
        if self._is_postgresql:
            return moment
        naive = moment.replace(tzinfo=None)
        return naive.isoformat(" ", "microseconds") if self._is_sqlite else naive

    @property
    def address(self) -> dict[str, Any]:
        return {"host": self._url.host, "port": self._url.port, "user": self._url.username}
