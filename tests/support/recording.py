"""One history on one half, and everything that could be seen of it."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from sqlalchemy import create_engine, event, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    StoredSession,
    SyncSessionStorage,
)
from tests.support.clock import Clock
from tests.support.models import FullSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from sqlalchemy import URL, Engine

    from tests.support.databases import Database
    from tests.support.histories import Step

    Listener: TypeAlias = tuple[Any, str, Callable[..., None]]

_UUID_BYTES = 16
_PRIMARY_KEY = re.compile(r"x'[0-9a-f]{32}'", re.IGNORECASE)
_NAMED = re.compile(r"%\((\w+)\)s(?:::\w+)?")


@dataclass(frozen=True)
class Half:
    """One half of the package on an engine of one origin."""

    is_async: bool
    database: Database
    is_ours: bool
    is_watched: bool
    """Whether something listens for its statements."""


@dataclass
class Record:
    """What a history has led to."""

    results: list[object] = field(default_factory=list)
    log: list[tuple[object, ...]] = field(default_factory=list)
    """Statements, their parameters, and events of transactions and of the pool, in order.

    Primary keys are random, so they are left out; parameters stand in order, since some drivers
    name them and others do not. Nothing else is changed. Where nobody listens for statements, only
    SQLite tells of them.
    """
    rows: list[tuple[object, ...]] = field(default_factory=list)
    checked_out: int = 0
    """Connections that were not given back."""


class Fault:
    """Something that happens before the statement with a certain number.

    Where nobody listens for statements, it is the number of the step.
    """

    def __init__(self, number: int, happen: Callable[[Engine], None]) -> None:
        self._left = number
        self._happen = happen
        self.has_happened = False

    def before_statement(self, engine: Engine) -> None:
        self._left -= 1
        if self._left == 0:
            self.has_happened = True
            self._happen(engine)


def play(half: Half, history: list[Step], fault: Fault | None = None) -> Record:
    """Perform a history on an empty table, on engines of its own."""
    record = Record()
    with _opened(half) as (storage, engine, wait):
        wait(storage.create_table())
        wait(storage.delete_all())
        watch = _watched if half.is_watched else _overheard
        with watch(engine, record, fault) as before_step:
            for step in history:
                before_step()
                storage.clock.advance(microseconds=step.pause)
                record.results.append(_perform(storage, step.at(storage.clock), wait))
        record.checked_out = engine.pool.checkedout()  # type: ignore[attr-defined]  # a QueuePool
        record.rows = _rows(half)
    return record


def _perform(storage: Any, step: Step, wait: Callable[[Any], Any]) -> object:
    try:
        if step.verb in {"reload", "discard"}:
            session = wait(storage.load(*step.arguments))
            answer = wait(getattr(storage, step.verb)(session)) if session else None
        else:
            answer = wait(getattr(storage, step.verb)(*step.arguments, **step.options))
    except Exception as error:  # noqa: BLE001 - errors are compared
        return type(error).__name__, getattr(error, "orig", error).args
    if isinstance(answer, list):  # whose primary keys are random
        return [(info.owner, info.signed_in_at, info.last_seen_at) for info in answer]
    return (answer.data, answer.expires_at) if isinstance(answer, StoredSession) else answer


@contextmanager
def _opened(half: Half) -> Iterator[tuple[Any, Engine, Callable[[Any], Any]]]:
    url = half.database.url
    if half.is_async:
        loop = asyncio.new_event_loop()
        engine = (
            SQLAlchemyAsyncConfig(url).get_engine() if half.is_ours else create_async_engine(url)
        )
        storage = AsyncSessionStorage(engine, FullSession, clock=Clock())
        yield storage, engine.sync_engine, loop.run_until_complete
        loop.run_until_complete(engine.dispose())
        loop.close()
    else:
        sync_engine = SQLAlchemySyncConfig(url).get_engine() if half.is_ours else create_engine(url)
        yield SyncSessionStorage(sync_engine, FullSession, clock=Clock()), sync_engine, lambda x: x
        sync_engine.dispose()


@contextmanager
def _watched(engine: Engine, record: Record, fault: Fault | None) -> Iterator[Callable[[], object]]:
    """Write down what the engine does, and let the fault happen."""

    def statement(_c: object, _cursor: object, text: str, values: Any, *_: object) -> None:
        record.log.append(("execute", *_in_order(" ".join(text.split()), values)))

    def execute(*_: object) -> None:
        if fault is not None:
            fault.before_statement(engine)

    listeners: list[Listener] = [
        (engine, "before_cursor_execute", statement),
        (engine, "do_execute", execute),
        *_noting(engine, record, "begin", "commit", "rollback"),
        *_noting(engine.pool, record, "checkout", "checkin"),
    ]
    with _listening(listeners):
        yield lambda: None


@contextmanager
def _overheard(
    engine: Engine, record: Record, fault: Fault | None
) -> Iterator[Callable[[], object]]:
    """Write down what can be heard outside of the engine, and let the fault happen."""

    def note(text: str) -> None:
        record.log.append(("execute", _PRIMARY_KEY.sub("a primary key", text)))

    def trace(connection: Any, *_: object) -> None:
        if hasattr(connection, "run_async"):
            connection.run_async(lambda driver: driver.set_trace_callback(note))
        else:
            connection.set_trace_callback(note)

    def before_step() -> None:
        if fault is not None:
            fault.before_statement(engine)

    listeners = _noting(engine.pool, record, "checkout", "checkin", "invalidate")
    if engine.dialect.name == "sqlite":
        listeners.append((engine.pool, "checkout", trace))
    with _listening(listeners):
        yield before_step


@contextmanager
def _listening(listeners: list[Listener]) -> Iterator[None]:
    for listener in listeners:
        event.listen(*listener)
    yield
    for listener in listeners:
        event.remove(*listener)


def _noting(target: object, record: Record, *names: str) -> list[Listener]:
    def note(name: str, *_: object) -> None:
        record.log.append((name,))

    return [(target, name, partial(note, name)) for name in names]


def _in_order(text: str, values: Any) -> tuple[str, tuple[object, ...]]:
    """Return a statement and its parameters, by position also where a driver wants names."""
    if isinstance(values, dict):
        values = [values[name] for name in _NAMED.findall(text)]
        text = _NAMED.sub("%s", text)
    return text, tuple(map(_without_ids, values))


def _without_ids(value: Any) -> object:
    value = getattr(value, "obj", value)  # psycopg and sqlite3 wrap bytes, each in its own way
    value = bytes(value) if isinstance(value, memoryview | bytearray) else value
    is_id = isinstance(value, UUID) or (isinstance(value, bytes) and len(value) == _UUID_BYTES)
    return "a primary key" if is_id else value


def _rows(half: Half) -> list[tuple[object, ...]]:
    url = half.database.url.set(drivername=_SYNC[half.database.url.drivername])
    columns = (FullSession.session_id, FullSession.data, FullSession.expires_at)
    with _reader(url).connect() as connection:
        rows = connection.execute(select(*columns).order_by(FullSession.session_id)).all()
    return [tuple(row) for row in rows]


@cache
def _reader(url: URL) -> Engine:
    """Return an engine that keeps no connection, but what it has found out about the database."""
    return create_engine(url, poolclass=NullPool)


_SYNC = {
    "sqlite+aiosqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql+asyncmy": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
}


def fatal(engine: Engine) -> None:
    """Fail as a driver does with an error that is there to stay."""
    raise engine.dialect.loaded_dbapi.OperationalError("the disk is on fire")


def transient(engine: Engine) -> None:
    """Fail as the database does when another try may succeed."""
    if engine.dialect.name == "postgresql":
        raise psycopg.errors.DeadlockDetected("a deadlock")
    arguments = ("database is locked",) if engine.dialect.name == "sqlite" else (1213, "a deadlock")
    raise engine.dialect.loaded_dbapi.OperationalError(*arguments)
