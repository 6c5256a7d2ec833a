"""A statement that is compiled once, and that a driver is given as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from litestar_sessions._drivers.deadlines import TooLateError
from litestar_sessions._drivers.failures import Failure, failure_of
from litestar_sessions._drivers.in_time import call_in_time
from litestar_sessions._drivers.opened import give_up
from litestar_sessions._sql.records import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from sqlalchemy import Dialect, Engine, PoolProxiedConnection
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine

    Processor: TypeAlias = Callable[[Any], Any] | None
    Answer: TypeAlias = tuple[Sequence[Sequence[Any]], int]

__all__ = ("CompiledStatement",)


class CompiledStatement:
    """A statement that a driver is given as it is."""

    def __init__(self, statement: Any, compiled: SQLCompiler, dialect: Dialect) -> None:
        self.sql = compiled.string
        self._compiled = compiled
        self._dialect = dialect
        self._driver_error = dialect.loaded_dbapi.Error
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        names = compiled.positiontup or list(binds)
        self._names = None if compiled.positional else names
        self._binds = [(name, _bind_processor(binds[name].type, dialect)) for name in names]
        self._has_constants = not all(bind.required for bind in binds.values())
        self._types = [column.type for column in getattr(statement, "exported_columns", ())]
        self.processors: Sequence[Processor] | None = None if self._types else ()
        """What makes the values of a row; known from the first one on."""

    def run(self, engine: Engine, values: Mapping[str, Any], *, writes: bool) -> Reply | None:
        """Return the database's reply; ``None`` if the connection turned out to be of no use.

        Raises:
            DBAPIError: The one that SQLAlchemy would raise.
            TimeoutError: There is no time left.
        """
        parameters = self._parameters(values)
        connection = self._connect(engine)
        try:
            rows, count = call_in_time(connection, self.ask, connection, parameters, writes=writes)
        except TooLateError:
            connection.close()
            raise
        except self._driver_error as error:
            if self._is_of_no_use(connection, error):
                give_up(engine, connection, error)
                return None
            connection.close()
            raise self._error(error, parameters) from error
        except BaseException as error:
            # The driver was interrupted: nobody knows in which state the connection is.
            connection.invalidate(error)
            raise
        connection.close()
        return Reply(self.converted(rows), count)

    def _connect(self, engine: Engine) -> PoolProxiedConnection:
        try:
            return engine.raw_connection()
        except self._driver_error as error:
            is_dead = self._dialect.is_disconnect(error, None, None)
            raise self._error(error, None, is_dead=is_dead) from error

    def _is_of_no_use(self, connection: PoolProxiedConnection, error: Any) -> bool:
        is_dead = self._dialect.is_disconnect(error, connection, None)
        return is_dead or failure_of(error) is Failure.CONNECTION

    def _error(self, error: Exception, parameters: Any, *, is_dead: bool = False) -> BaseException:
        return DBAPIError.instance(
            self.sql if parameters is not None else None,
            parameters,
            error,
            self._driver_error,
            hide_parameters=True,  # session IDs and data, and errors are logged
            connection_invalidated=is_dead,
            dialect=self._dialect,
        )

    def ask(self, connection: PoolProxiedConnection, parameters: Any) -> Answer:
        """Return the rows that the driver's cursor has, and how many the statement matched.

        Raises:
            Exception: One of the driver's.
        """
        cursor = connection.cursor()
        cursor.execute(self.sql, parameters)
        rows = cursor.fetchall() if self._types else ()
        if rows and self.processors is None:
            self.processors = self._find_processors(cursor)
        count = cursor.rowcount
        cursor.close()
        return rows, count

    def converted(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return rows with the values that the columns of the model have.

        Raises:
            Exception: A column holds something else.
        """
        processors = self.processors or ()
        return [
            [
                value if process is None else process(value)
                for value, process in zip(row, processors, strict=True)
            ]
            for row in rows
        ]

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

    def _find_processors(self, cursor: DBAPICursor) -> Sequence[Processor]:
        columns = zip(self._types, cursor.description, strict=True)
        return [
            column_type.dialect_impl(self._dialect).result_processor(self._dialect, description[1])
            for column_type, description in columns
        ]


def _bind_processor(column_type: TypeEngine[Any], dialect: Dialect) -> Processor:
    return column_type.dialect_impl(dialect).bind_processor(dialect)
