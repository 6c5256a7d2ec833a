"""Engines for sessions: opened with the best settings, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool, SingletonThreadPool, StaticPool

from litestar_sessions._drivers.forks import safe_to_fork
from litestar_sessions._drivers.urls import parse_url
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import URL
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine

EngineT = TypeVar("EngineT", "AsyncEngine", Engine)

__all__ = (
    "ASYNC",
    "AUTOCOMMIT",
    "POOL",
    "SYNC",
    "WITH_AUTOCOMMIT",
    "EngineKind",
    "check_engine",
    "open_engine",
)

SQLITE_BUSY_TIMEOUT = 10
"""How many seconds a statement waits for another writer of the same SQLite file."""

POOL = {"pool_size": 10, "max_overflow": 0}
"""A session holds a connection for one statement, so few are enough and others had better wait:
what is beyond the size of a pool is opened for a moment, which takes as long as many statements."""

_PACKAGES = {"MySQLdb": "mysqlclient"}
"""The packages that go by another name than the module that they bring."""

AUTOCOMMIT: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
"""With what every statement is a transaction and one round trip."""

WITH_AUTOCOMMIT = {"sqlite", "postgresql", "cockroachdb", "mysql", "mariadb", "oracle", "mssql"}
"""The dialects of which that is known; some others say that they have it, and fail."""


@dataclass(frozen=True)
class EngineKind(Generic[EngineT]):
    """Which drivers one half of the package works with, in words for people too."""

    is_async: bool
    expected: str
    otherwise: str


ASYNC: EngineKind[AsyncEngine] = EngineKind(
    is_async=True,
    expected="an async driver (such as sqlite+aiosqlite, postgresql+asyncpg, mysql+asyncmy)",
    otherwise="SQLAlchemySyncConfig and SQLAlchemySyncSessionBackend",
)
SYNC: EngineKind[Engine] = EngineKind(
    is_async=False,
    expected="a sync driver (such as sqlite, postgresql+psycopg, mysql+pymysql)",
    otherwise="SQLAlchemyAsyncConfig and SQLAlchemyAsyncSessionBackend",
)


def open_engine(
    kind: EngineKind[EngineT],
    create: Callable[..., EngineT],
    connection_string: str | URL,
    options: Mapping[str, Any],
) -> EngineT:
    """Create an engine on which every statement is a transaction and one round trip.

    Args:
        kind: What the driver has to be.
        create: SQLAlchemy's function for that kind.
        connection_string: The URL of the database.
        options: Further arguments of that function; they win over what is chosen here.

    Raises:
        ConfigurationError: The URL is no URL, or its driver is not installed or of the other kind.
    """
    url, entry = parse_url(connection_string)
    dialect = entry.get_async_dialect_cls(url) if kind.is_async else entry
    _check_kind(kind, dialect, url.drivername)
    try:
        engine = create(url, **_best_options(url, dialect, options))
    except ModuleNotFoundError as error:
        package = _PACKAGES.get(str(error.name), error.name)
        raise ConfigurationError(
            f"{url.drivername} needs the package {package}: pip install {package}",
        ) from error
    if dialect.name == "sqlite":
        event.listen(getattr(engine, "sync_engine", engine), "connect", _set_up_sqlite)
    return safe_to_fork(engine)


def check_engine(kind: EngineKind[EngineT], engine: AsyncEngine | Engine) -> EngineT:
    """Return the engine, which is of that kind.

    Raises:
        ConfigurationError: It is not; or it is an in-memory SQLite that is another database in
            every thread.
    """
    _check_kind(kind, engine.dialect, f"{engine.dialect.name}+{engine.dialect.driver}")
    if kind.is_async and not hasattr(engine, "sync_engine"):
        raise ConfigurationError(
            f"{engine!r} has an async driver but is no AsyncEngine: create it with "
            "create_async_engine.",
        )
    if isinstance(engine.pool, SingletonThreadPool):
        raise ConfigurationError(
            "This in-memory SQLite engine is an empty database in every new thread: create it with "
            "poolclass=StaticPool, or hand in its URL as connection_string.",
        )
    return cast("EngineT", engine)


def _check_kind(kind: EngineKind[Any], dialect: Dialect | type[Dialect], driver: str) -> None:
    if bool(dialect.is_async) is not kind.is_async:
        raise ConfigurationError(
            f"{driver} is not {kind.expected}: choose one, or use {kind.otherwise}.",
        )


def _best_options(url: URL, dialect: type[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    # Session IDs and data would stand in logs and exceptions.
    chosen: dict[str, Any] = {"hide_parameters": True}
    if dialect.name in WITH_AUTOCOMMIT:
        chosen |= AUTOCOMMIT
    connect: dict[str, Any] = {"timeout": SQLITE_BUSY_TIMEOUT} if dialect.name == "sqlite" else {}
    pool_class = dialect.get_pool_class(url)
    has_pool = not options.keys().isdisjoint({"pool", "poolclass"})
    if pool_class is SingletonThreadPool and not has_pool:
        # In memory there is one database for each connection: all threads share one, in turn.
        chosen |= {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
        connect["check_same_thread"] = False
    elif issubclass(pool_class, StaticPool):
        # In memory too; its connection goes on in the child of a fork, where its thread does not.
        connect["check_same_thread"] = False
    elif issubclass(pool_class, QueuePool) and not has_pool:
        chosen |= POOL
        if dialect.is_async:
            from litestar_sessions._drivers.queues import FairPool  # noqa: PLC0415 - needs greenlet

            chosen["poolclass"] = FairPool
    return {**chosen, **options, "connect_args": connect | options.get("connect_args", {})}


def _set_up_sqlite(connection: DBAPIConnection, _record: object) -> None:
    """Let readers and a writer work at once, and leave syncing to the checkpoints (SQLite, WAL)."""
    from sqlite3 import OperationalError  # noqa: PLC0415 - nobody else needs it

    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except OperationalError as error:
        # Another connection is switching it on, for the file and so for this one; that has no wait.
        if "locked" not in str(error):
            raise
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
