"""Limits that a server sets to the statements of a connection, and a driver to connecting."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from sqlalchemy import event

from litestar_sessions._drivers.deadlines import SERVER_SHARE

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from sqlalchemy import Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ("Limits", "limit")

_LIBPQ = {"psycopg", "psycopg_async", "psycopg2"}
_LEAST_FOR_LIBPQ = 2
"""Less than two seconds for connecting are not recommended (libpq, connect_timeout)."""
_REFUSED = "unsupported startup parameter"
"""What PgBouncer says: behind it a connection is not the client's own."""
_ON_MYSQL = """\
SET SESSION innodb_lock_wait_timeout = {whole} /*M! , max_statement_time = {seconds} */"""
"""MariaDB alone reads the rest; MySQL has no limit for statements that write."""


@dataclass
class Limits:
    """How many seconds a statement may take, which is less than an operation may.

    A statement that nobody waits for any more is not carried out later.
    """

    patience: float
    """How many seconds an operation of a request may take."""
    are_refused: bool = field(default=False, init=False)
    """Whether a pooler in between refuses them: its connections are not ours alone."""

    @property
    def seconds(self) -> float:
        """What a statement may take."""
        return self.patience * SERVER_SHARE

    def arguments(self, dialect: Dialect, given: MutableMapping[str, Any]) -> dict[str, Any]:
        """Return arguments for the driver, those that it is given among them."""
        if dialect.name == "sqlite":
            return {"timeout": min(self.seconds, given.get("timeout", self.seconds))}
        if dialect.driver == "asyncpg":
            settings = {} if self.are_refused else {"statement_timeout": self._milliseconds}
            return {"server_settings": settings | given.get("server_settings", {})}
        if dialect.driver in _LIBPQ:
            found: dict[str, Any] = {
                "connect_timeout": max(_LEAST_FOR_LIBPQ, ceil(self.patience)),
                **given,
            }
            if not self.are_refused:
                own = f"-c statement_timeout={self._milliseconds}"
                found["options"] = f"{own} {given.get('options', '')}".strip()
            return found
        if dialect.driver == "pymysql":
            # It reads the greeting of a server after that of connecting has been lifted.
            names = ("connect_timeout", "read_timeout", "write_timeout")
            return dict.fromkeys(names, self.patience) | dict(given)
        return {}

    @property
    def _milliseconds(self) -> str:
        return str(ceil(self.seconds * 1_000))

    def set_up(self, dialect: Dialect, connection: DBAPIConnection) -> None:
        """Tell the server of a connection what could not be told when it was opened."""
        if dialect.name in {"mysql", "mariadb"}:
            cursor = connection.cursor()
            cursor.execute(_ON_MYSQL.format(whole=ceil(self.seconds), seconds=self.seconds))
            cursor.close()

    def lift(self, connection: Any) -> None:
        """Have PyMySQL wait as long as it is let, once it is connected.

        With limits of its own it polls before each answer, which makes requests a tenth slower in
        many threads. Statements have their deadline; what a pool asks by itself, such as a ping,
        has none.
        """
        for name in ("_read_timeout", "_write_timeout"):  # there is no public way
            if getattr(connection, name) == self.patience:
                setattr(connection, name, None)


_limits: ContextVar[Limits | None] = ContextVar("limits", default=None)
_heard: WeakSet[Any] = WeakSet()


def limit(pool: Any, dialect: Dialect, limits: Limits) -> None:
    """Have limits for whatever a pool opens from now on, and for nothing else.

    Args:
        pool: It may have been recreated from another one, which is not concerned.
        dialect: That of the engine that the pool opens connections for.
        limits: What to set.
    """
    create = pool._invoke_creator  # noqa: SLF001 - there is no public way

    def create_limited(record: Any) -> Any:
        _listen(dialect)
        token = _limits.set(limits)
        try:
            return create(record)
        finally:
            _limits.reset(token)

    pool._creator = create_limited  # noqa: SLF001 - as above
    is_pinged = pool._pre_ping  # noqa: SLF001 - as above

    def set_up(connection: DBAPIConnection, _record: object) -> None:
        limits.set_up(dialect, connection)
        if dialect.driver == "pymysql" and not is_pinged:
            limits.lift(connection)

    event.listen(pool, "connect", set_up)


def _listen(dialect: Dialect) -> None:
    # When a connection is opened, for then the listeners of the application are all there: ours
    # has to be the last, because what it opens is the connection.
    if dialect not in _heard:
        _heard.add(dialect)
        event.listen(dialect, "do_connect", _connect)


def _connect(
    dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]
) -> Any:
    limits = _limits.get()
    if limits is None:
        return None
    tells_server = not limits.are_refused
    try:
        return dialect.connect(*arguments, **{**options, **limits.arguments(dialect, options)})
    except Exception as error:
        if not tells_server or _REFUSED not in str(error):
            raise
        limits.are_refused = True
    return _connect(dialect, _record, arguments, options)
