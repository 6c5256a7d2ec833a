"""Running a statement: by the driver itself where nobody watches, otherwise by SQLAlchemy.

Most of what `Connection.execute` costs is spent on finding out anew what a statement needs. The
statements of this package are always the same, so that is found out once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from litestar_sessions.dialects import in_autocommit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from sqlalchemy import Connection, Dialect, Executable, PoolProxiedConnection
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.types import TypeEngine

    Begin: TypeAlias = Callable[[], AbstractContextManager[Connection]]
    Processor: TypeAlias = Callable[[Any], Any] | None

T = TypeVar("T")

__all__ = ("Reply", "StatementRunner")


class Reply(NamedTuple):
    """What a database answers to a statement."""

    rows: Sequence[Sequence[Any]]
    affected: int
    """How many rows the statement matched."""
    primary_key: Any = None
    """That of the row that was inserted, where the database made it."""


class StatementRunner:
    """Runs statements on one engine.

    The short way is for an engine in autocommit without listeners for its statements, and without
    a logger that wants them: such things see what SQLAlchemy does, and so it is done by SQLAlchemy.
    So is what met a dead connection, since SQLAlchemy then gives up the others of the pool too.
    """

    def __init__(self, engine: AsyncEngine | Engine) -> None:
        self._engine, is_autocommit = in_autocommit(
            engine if isinstance(engine, Engine) else engine.sync_engine
        )
        self._may_be_direct = is_autocommit and not self._engine.get_execution_options()
        self._direct: dict[Executable, DirectStatement | None] = {}
        self._begin = self._engine.connect if is_autocommit else self._engine.begin

    def read(
        self, statement: Executable, values: Mapping[str, Any], answer: Callable[[Reply], T]
    ) -> T:
        """Return the answer to a statement that changes nothing."""
        return self._run(self._engine.connect, statement, values, answer)

    def write(
        self, statement: Executable, values: Mapping[str, Any], answer: Callable[[Reply], T]
    ) -> T:
        """Return the answer to a statement that changes something, when that is committed."""
        return self._run(self._begin, statement, values, answer)

    def _run(
        self,
        begin: Begin,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[Reply], T],
    ) -> T:
        direct = self._direct_form_of(statement)
        reply = None if direct is None else direct.run(self._engine, values)
        if reply is None:
            with begin() as connection:
                reply = _executed(connection, statement, values)
        return answer(reply)

    def _direct_form_of(self, statement: Executable) -> DirectStatement | None:
        if not self._may_be_direct or _is_watched(self._engine):
            return None
        try:
            return self._direct[statement]
        except KeyError:
            return self._direct.setdefault(statement, _direct(statement, self._engine.dialect))


def _is_watched(engine: Engine) -> bool:
    # No public attribute tells of listeners; SQLAlchemy's own `Connection` asks these.
    if engine._has_events or engine.logger.isEnabledFor(logging.INFO):  # noqa: SLF001
        return True
    dialect = engine.dialect
    if not dialect._has_events:  # noqa: SLF001
        return False
    # Those of "do_connect", which often brings the password of the hour, are heard by the pool.
    events = dialect.dispatch
    return bool(events.do_execute or events.do_execute_no_params or events.handle_error)


def _executed(connection: Connection, statement: Executable, values: Mapping[str, Any]) -> Reply:
    result = connection.execute(statement, values)
    if result.returns_rows:
        return Reply(result.all(), result.rowcount)
    key = result.inserted_primary_key if result.is_insert else None
    return Reply((), result.rowcount, getattr(key, "id", None))


def _direct(statement: Executable, dialect: Dialect) -> DirectStatement | None:
    """Return what runs a statement on this dialect; ``None`` if more than that has to be done."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # all of ours have it
    needs_more = (
        not isinstance(compiled, SQLCompiler)
        # Values that SQLAlchemy makes before, or finds out after.
        or compiled.insert_prefetch
        or compiled.update_prefetch
        or compiled.postfetch_lastrowid
        or compiled.implicit_returning
        # Values that are written into the statement.
        or compiled.literal_execute_params
        or compiled.post_compile_params
        # Types that the driver has to be told, and names that it does not take.
        or dialect.bind_typing is BindTyping.SETINPUTSIZES
        or compiled.escaped_bind_names
    )
    return None if needs_more else DirectStatement(statement, compiled, dialect)


class DirectStatement:
    """A statement that a driver is given as it is."""

    def __init__(self, statement: Any, compiled: SQLCompiler, dialect: Dialect) -> None:
        self._sql = compiled.string
        self._compiled = compiled
        self._dialect = dialect
        self._driver_error = dialect.loaded_dbapi.Error
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        names = compiled.positiontup or list(binds)
        self._names = None if compiled.positional else names
        self._binds = [(name, _bind_processor(binds[name].type, dialect)) for name in names]
        self._has_constants = not all(bind.required for bind in binds.values())
        self._types = [column.type for column in getattr(statement, "exported_columns", ())]
        self._processors: Sequence[Processor] | None = None

    def run(self, engine: Engine, values: Mapping[str, Any]) -> Reply | None:
        """Return the database's reply; ``None`` if the connection turned out to be dead.

        Raises:
            DBAPIError: The one that SQLAlchemy would raise.
        """
        parameters = self._parameters(values)
        try:
            connection = engine.raw_connection()
        except self._driver_error as error:
            is_dead = self._dialect.is_disconnect(error, None, None)
            raise self._error(engine, error, None, is_dead=is_dead) from error
        try:
            reply = self._ask(connection, parameters)
        except self._driver_error as error:
            if self._dialect.is_disconnect(error, connection, None):
                connection.invalidate(error)
                return None
            connection.close()
            raise self._error(engine, error, parameters) from error
        except BaseException as error:
            # The driver was interrupted: nobody knows in which state the connection is.
            connection.invalidate(error)
            raise
        connection.close()
        return reply

    def _error(
        self, engine: Engine, error: Exception, parameters: Any, *, is_dead: bool = False
    ) -> BaseException:
        return DBAPIError.instance(
            self._sql if parameters is not None else None,
            parameters,
            error,
            self._driver_error,
            hide_parameters=engine.hide_parameters,
            connection_invalidated=is_dead,
            dialect=self._dialect,
        )

    def _ask(self, connection: PoolProxiedConnection, parameters: Any) -> Reply:
        cursor = connection.cursor()
        cursor.execute(self._sql, parameters)
        rows = [self._converted(row, cursor) for row in cursor.fetchall()] if self._types else ()
        reply = Reply(rows, cursor.rowcount)
        cursor.close()
        return reply

    def _parameters(self, values: Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        if self._has_constants:
            values = self._compiled.construct_params(dict(values))
        bound = [
            values[name] if process is None else process(values[name])
            for name, process in self._binds
        ]
        if self._names is None:
            return tuple(bound)
        return dict(zip(self._names, bound, strict=True))

    def _converted(self, row: Sequence[Any], cursor: DBAPICursor) -> Sequence[Any]:
        if self._processors is None:
            self._processors = [
                _result_processor(column_type, self._dialect, description[1])
                for column_type, description in zip(self._types, cursor.description, strict=True)
            ]
        pairs = zip(row, self._processors, strict=True)
        return [value if process is None else process(value) for value, process in pairs]


def _bind_processor(column_type: TypeEngine[Any], dialect: Dialect) -> Processor:
    return column_type.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(column_type: TypeEngine[Any], dialect: Dialect, code: object) -> Processor:
    return column_type.dialect_impl(dialect).result_processor(dialect, code)
