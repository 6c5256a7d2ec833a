"""Column types that hold the same value on every database."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import BINARY, DateTime, LargeBinary, String, Uuid
from sqlalchemy.dialects import mysql, oracle
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.dialects.mysql.base import MySQLDialect
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.types import TypeEngine

__all__ = (
    "SESSION_DATA",
    "SESSION_ID_LENGTH",
    "SessionIDString",
    "UTCTimestamp",
    "UUIDKey",
    "as_utc",
    "utc_now",
)

_MYSQL = ("mysql", "mariadb")
_WITH_UUID = _WITH_TIME_ZONE = {"postgresql", "cockroachdb", "duckdb", "mssql"}

_PUBLIC = "litestar_sessions.columns"
"""Where migrations have these types from: Alembic writes down the module that a class names."""

SESSION_ID_LENGTH = 255
"""How many characters the column for a session ID holds."""

SESSION_DATA = LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)
"""Session data; MySQL's plain ``BLOB`` would end at 64 KiB."""


def utc_now() -> datetime:
    """Return the current time, aware and in UTC: the clock of whatever is given no other."""
    return datetime.now(timezone.utc)


def as_utc(value: datetime) -> datetime:
    """Return the same instant in UTC; a naive datetime is taken as UTC."""
    if value.tzinfo is timezone.utc:
        return value
    if value.tzinfo is None:
        return value.replace(tzinfo=timezone.utc)
    return value.astimezone(timezone.utc)


class UTCTimestamp(TypeDecorator[datetime]):
    """A point in time to the microsecond: whatever goes in, aware UTC comes out."""

    __module__ = _PUBLIC
    impl = DateTime
    cache_ok = True

    def __init__(self, *, timezone: bool = True) -> None:
        """Choose a column that knows time zones, or one that holds naive UTC."""
        super().__init__(timezone=timezone)
        self.timezone = timezone

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type; MySQL's and Oracle's plain ones would keep whole seconds."""
        if dialect.name in _MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        if dialect.name == "oracle":
            return dialect.type_descriptor(oracle.TIMESTAMP())
        return dialect.type_descriptor(DateTime(timezone=self.timezone))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant as the column holds it."""
        if value is None:
            return None
        instant = as_utc(value)
        keeps_zone = self.timezone and dialect.name in _WITH_TIME_ZONE
        return instant if keeps_zone else instant.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant, aware and in UTC."""
        return None if value is None else as_utc(value)


class UUIDKey(TypeDecorator[UUID]):
    """A UUID: native where there is such a type, otherwise its 16 bytes.

    Advanced Alchemy's columns hold the same, so that either package reads the other's rows.
    """

    __module__ = _PUBLIC
    impl = Uuid
    cache_ok = True

    @property
    def python_type(self) -> type[UUID]:
        """Return the type of the values."""
        return UUID

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type."""
        if dialect.name in _WITH_UUID:
            return dialect.type_descriptor(Uuid())
        if dialect.name == "oracle":
            return dialect.type_descriptor(oracle.RAW(16))
        if dialect.name == "sqlite":  # to which BINARY means a number
            return dialect.type_descriptor(LargeBinary())
        return dialect.type_descriptor(BINARY(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | bytes | None:
        """Return the UUID as the column holds it."""
        return value if value is None or dialect.name in _WITH_UUID else value.bytes

    def process_result_value(self, value: UUID | bytes | None, dialect: Dialect) -> UUID | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the UUID.

        Raises:
            TypeError: It is something else, to which SQLite's columns do not object.
        """
        if isinstance(value, bytes):
            return UUID(bytes=value)
        if value is None or isinstance(value, UUID):
            return value
        raise TypeError(f"A UUID is no {type(value).__name__}.")


class SessionIDString(String):
    """A string that is equal to nothing but itself: not in another case, not without its accent.

    Some databases compare by a collation that ignores such things. Of MySQL's and MariaDB's binary
    ones only two also tell ``"a"`` from ``"a "``, and they go by different names.
    """

    __module__ = _PUBLIC
    inherit_cache = True


@compiles(SessionIDString, "mssql")
def _compile_for_mssql(type_: SessionIDString, _compiler: DDLCompiler, **_: Any) -> str:
    return f"VARCHAR({type_.length}) COLLATE Latin1_General_BIN2"


@compiles(SessionIDString, *_MYSQL)
def _compile_for_mysql(type_: SessionIDString, compiler: DDLCompiler, **_: Any) -> str:
    is_mariadb = cast("MySQLDialect", compiler.dialect).is_mariadb
    collation = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
    return f"VARCHAR({type_.length}) CHARACTER SET utf8mb4 COLLATE {collation}"
