"""Running a statement: by the driver itself where nobody watches, otherwise by SQLAlchemy.

Most of what `Connection.execute` costs is spent on finding out anew what a statement needs. The
statements of this package are always the same, so that is found out once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from litestar_sessions._drivers.compiled import CompiledStatement
from litestar_sessions._drivers.failures import Failure, failure_of, is_damage
from litestar_sessions._drivers.files import file_of
from litestar_sessions._drivers.in_time import call_in_time, check_time
from litestar_sessions._drivers.opened import give_up, watch
from litestar_sessions._drivers.views import view_of
from litestar_sessions._sql.records import Reply
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from sqlalchemy import Connection, Dialect, Executable
    from sqlalchemy.ext.asyncio import AsyncEngine

    Begin: TypeAlias = Callable[[], AbstractContextManager[Connection]]

T = TypeVar("T")

__all__ = ("StatementRunner",)


class StatementRunner:
    """Runs statements on one engine.

    The short way is for an engine in autocommit without listeners for its statements, and without
    a logger that wants them: such things see what SQLAlchemy does, and so it is done by SQLAlchemy.
    So is what met a dead connection, since SQLAlchemy then gives up the others of the pool too.
    """

    def __init__(self, engine: AsyncEngine | Engine) -> None:
        self._base = engine if isinstance(engine, Engine) else engine.sync_engine
        watch(self._base)
        self._file = file_of(self._base)
        self._view, is_autocommit = view_of(self._base)
        self._may_be_direct = is_autocommit and not self._view.get_execution_options()
        self._direct: dict[Executable, CompiledStatement | None] = {}
        self._begin = self._view.connect if is_autocommit else self._view.begin

    def read(
        self, statement: Executable, values: Mapping[str, Any], answer: Callable[[Reply], T]
    ) -> T:
        """Return the answer to a statement that changes nothing."""
        return self._run(self._view.connect, statement, values, answer, writes=False)

    def write(
        self, statement: Executable, values: Mapping[str, Any], answer: Callable[[Reply], T]
    ) -> T:
        """Return the answer to a statement that changes something, when that is committed."""
        return self._run(self._begin, statement, values, answer, writes=True)

    def _run(
        self,
        begin: Begin,
        statement: Executable,
        values: Mapping[str, Any],
        answer: Callable[[Reply], T],
        *,
        writes: bool,
    ) -> T:
        if self._file is not None:
            self._file.check()
        try:
            direct = self._direct_form_of(statement)
            if direct is not None:
                reply = direct.run(self._base, values, writes=writes)
                if reply is not None:
                    return answer(reply)
                check_time()
            with begin() as connection:
                reply = self._watched(connection, statement, values, writes=writes)
            return answer(reply if direct is None else reply._replace(is_again=True))
        except Exception as error:
            if _returns_rows(statement) and is_damage(error):
                # The errors quote what is in the row.
                raise SessionDamagedError from None
            raise

    def _watched(
        self,
        connection: Connection,
        statement: Executable,
        values: Mapping[str, Any],
        *,
        writes: bool,
    ) -> Reply:
        fairy = connection.connection
        try:
            return call_in_time(fairy, _executed, connection, statement, values, writes=writes)
        except DBAPIError as error:
            if failure_of(error) is Failure.CONNECTION:
                give_up(self._base, fairy, error)
            raise

    def _direct_form_of(self, statement: Executable) -> CompiledStatement | None:
        if not self._may_be_direct or _is_watched(self._base):
            return None
        try:
            return self._direct[statement]
        except KeyError:
            return self._direct.setdefault(statement, _compiled_once(statement, self._base.dialect))


def _returns_rows(statement: Any) -> bool:
    return bool(len(getattr(statement, "exported_columns", ())))


def _compiled_once(statement: Executable, dialect: Dialect) -> CompiledStatement | None:
    """Return what a driver can be given as it is; ``None`` if more than that has to be done."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # all of ours have it
    if not isinstance(compiled, SQLCompiler) or _needs_more(compiled, dialect):
        return None
    if dialect.driver == "asyncpg":
        # Imported here because only the async half needs greenlet.
        from litestar_sessions._drivers.asyncpg import AsyncpgStatement  # noqa: PLC0415

        return AsyncpgStatement(statement, compiled, dialect)
    return CompiledStatement(statement, compiled, dialect)


def _needs_more(compiled: SQLCompiler, dialect: Dialect) -> bool:
    return bool(
        # Values that SQLAlchemy makes before, or finds out after.
        compiled.insert_prefetch
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
