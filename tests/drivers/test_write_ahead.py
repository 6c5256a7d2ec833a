"""SQLite's write-ahead log stays short while expired sessions are deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from inspect import isawaitable
from pathlib import Path
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from litestar_sessions import (
    AsyncSessionStorage,
    SQLAlchemyAsyncConfig,
    SQLAlchemySyncConfig,
    SyncSessionStorage,
)
from litestar_sessions._drivers.write_ahead import SMALL, shorten_log
from tests.support.models import UserSession

if TYPE_CHECKING:
    from tests.support.clock import Clock

PAGE = 512
ROWS, BATCH = 12_000, 250
ROOM = 10 * BATCH * (PAGE + 24)
"""More than one batch writes."""


def fill(path: Path, clock: Clock) -> None:
    rows = (
        (f"{n:032x}", f"{n}", b"x" * 900, f"{clock.after(seconds=-n):%Y-%m-%d %H:%M:%S.%f}")
        for n in range(ROWS)
    )
    insert = "INSERT INTO user_sessions (id, session_id, data, expires_at) VALUES (?, ?, ?, ?)"
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(insert, ((bytes.fromhex(key), *row) for key, *row in rows))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def size_of_log(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


def test_a_log_that_somebody_else_copies_is_looked_at_again(tmp_path: Path) -> None:
    place = tmp_path / "sessions.db"
    engine = SQLAlchemySyncConfig(f"sqlite:///{place}").get_engine()

    def copy() -> None:
        with closing(sqlite3.connect(place, timeout=60)) as other:
            other.execute("PRAGMA wal_checkpoint(RESTART)")

    with engine.connect() as writer:
        writer.exec_driver_sql("CREATE TABLE filled (data)")
    with closing(sqlite3.connect(place, isolation_level=None)) as reader, engine.connect() as ours:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM filled").fetchall()
        with engine.connect() as writer:
            writer.exec_driver_sql("INSERT INTO filled VALUES (zeroblob(9000000))")
        copying = Thread(target=copy)  # it waits for the reader, and nobody else may copy meanwhile
        copying.start()
        for _ in range(1_000):
            if is_to_be_tried_again := shorten_log(ours):
                break
            sleep(0.01)
        assert is_to_be_tried_again
        reader.execute("ROLLBACK")
        copying.join()
        assert not shorten_log(ours)
        assert size_of_log(place) == 0
    engine.dispose()


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_the_log_begins_anew_and_waits_for_nobody_who_reads(
    tmp_path: Path, clock: Clock, *, is_async: bool
) -> None:
    path = tmp_path / "sessions.db"
    sizes: list[int] = []
    config: Any = (SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig)(
        f"sqlite+aiosqlite:///{path}" if is_async else f"sqlite:///{path}"
    )
    engine = config.get_engine()

    def never_by_itself(connection: Any, _record: object) -> None:
        # As it is where somebody writes at every moment: it begins anew only if it is made to.
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
        cursor.close()

    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
    event.listen(getattr(engine, "sync_engine", engine), "connect", never_by_itself)
    half: Any = AsyncSessionStorage if is_async else SyncSessionStorage
    storage = half(engine, UserSession, clock=clock)

    async def done(answer: Any) -> Any:
        return await answer if isawaitable(answer) else answer

    async def delete() -> int:
        deleted: int = await done(
            storage.delete_expired(
                batch_size=BATCH, on_batch=lambda _: sizes.append(size_of_log(path))
            )
        )
        return deleted

    await done(storage.create_table())
    fill(path, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM user_sessions").fetchone() == (ROWS,)
        assert await delete() == ROWS
        assert reader.execute("SELECT count(*) FROM user_sessions").fetchone() == (ROWS,)
        reader.execute("ROLLBACK")
    assert max(sizes) > SMALL + 2 * ROOM
    sizes.clear()
    fill(path, clock)
    assert await delete() == ROWS
    assert max(sizes) < SMALL + ROOM
    await done(config.dispose())
