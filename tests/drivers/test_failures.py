"""What the errors of drivers mean, those of real servers among them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions._drivers.failures import Failure, describe, failure_of
from tests.support.databases import threads_of_aiosqlite_end

if TYPE_CHECKING:
    from tests.support.databases import Database

BUGS = {
    "a table that is missing": "SELECT 1 FROM no_such_table",
    "a column that is missing": "SELECT no_such_column FROM things",
    "SQL that is wrong": "SELEC 1",
    "a row that is there": "INSERT INTO things VALUES ('secret-value', 1)",
    "a value that is missing": "INSERT INTO things VALUES (NULL, 1)",
}


async def error_of(at: tuple[bool, Database], statement: str, **change: Any) -> Any:
    """Return what a driver raises; SQLAlchemy 2.0 hands on some errors of asyncpg as they are."""
    is_async, place = at
    url = place.url.set(**change)
    make = "CREATE TABLE IF NOT EXISTS things (name VARCHAR(20) PRIMARY KEY NOT NULL, size INTEGER)"
    fill = "INSERT INTO things VALUES ('secret-value', 1)"

    def provoke(connection: Any) -> None:
        for each in (make, "DELETE FROM things", fill, statement):
            connection.execute(text(each))

    with pytest.raises((DBAPIError, asyncpg.PostgresError)) as caught:  # noqa: PT012 - two halves
        if is_async:
            engine = create_async_engine(url)
            try:
                async with engine.begin() as connection:
                    await connection.run_sync(provoke)
            finally:
                await engine.dispose()
                await threads_of_aiosqlite_end()
        else:
            sync_engine = create_engine(url)
            try:
                with sync_engine.begin() as sync_connection:
                    provoke(sync_connection)
            finally:
                sync_engine.dispose()
    return caught.value


@pytest.mark.parametrize("statement", BUGS.values(), ids=list(BUGS))
async def test_what_will_never_work_is_a_bug(
    any_database: tuple[bool, Database], statement: str
) -> None:
    error = await error_of(any_database, statement)
    assert failure_of(error) is Failure.BUG


async def test_values_of_a_row_are_not_described(any_database: tuple[bool, Database]) -> None:
    error = await error_of(any_database, BUGS["a row that is there"])
    assert "secret-value" in str(error.orig) or "things" in str(error.orig)
    assert "secret-value" not in describe(error)
    assert describe(error) != type(error.orig).__name__


async def test_a_database_that_is_not_there_is_a_refusal(
    any_database: tuple[bool, Database],
) -> None:
    _, place = any_database
    if place.server is None:
        error = await error_of(any_database, "SELECT 1", database="/no/such/folder/x.db")
    else:
        error = await error_of(any_database, "SELECT 1", database="no_such_database")
    assert failure_of(error) is Failure.REFUSAL


class StateError(Exception):
    """Has what psycopg and asyncpg say."""

    def __init__(self, state: str, message: str = "") -> None:
        super().__init__(message)
        self.sqlstate = state


class OperationalError(Exception):
    """Has what PyMySQL and asyncmy say."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (StateError("25006"), Failure.CONNECTION),
        (StateError("26000"), Failure.CONNECTION),
        (StateError("42P05"), Failure.CONNECTION),
        (StateError("0A000", "cached plan must not change result type"), Failure.CONNECTION),
        (StateError("0A000", "not there"), Failure.BUG),
        (StateError("40001"), Failure.CONFLICT),
        (StateError("40P01"), Failure.CONFLICT),
        (StateError("28P01"), Failure.REFUSAL),
        (StateError("3D000"), Failure.REFUSAL),
        *((StateError(code), Failure.OUTAGE) for code in ("57014", "57P03", "53300", "08006")),
        *((StateError(code), Failure.OUTAGE) for code in ("55P03", "58030", "XX000", "53100")),
        *((StateError(code), Failure.BUG) for code in ("42P01", "42703", "23502", "22001")),
        *((OperationalError(code, ""), Failure.CONNECTION) for code in (1047, 1290, 1792, 1836)),
        *((OperationalError(code, ""), Failure.CONFLICT) for code in (1205, 1213, 1020)),
        *((OperationalError(code, ""), Failure.REFUSAL) for code in (1044, 1045, 1049)),
        *((OperationalError(code, ""), Failure.OUTAGE) for code in (1040, 1969, 2003, 2013)),
        *((OperationalError(code, ""), Failure.BUG) for code in (1054, 1146, 1364, 1406)),
        (ConnectionRefusedError(), Failure.OUTAGE),
        (TimeoutError(), Failure.OUTAGE),
        (asyncio.TimeoutError(), Failure.OUTAGE),
        (PoolTimeoutError(), Failure.OUTAGE),
        (TypeError("a driver's mistake"), Failure.BUG),
        (NotImplementedError(), Failure.BUG),
    ],
    ids=repr,
)
def test_a_code_means_the_same_whoever_raises_it(error: Exception, expected: Failure) -> None:
    assert failure_of(error) is expected


def test_a_pooler_that_mixes_up_prepared_statements_is_named() -> None:
    assert "docs/engines.md" in describe(StateError("42P05", "prepared statement exists"))
