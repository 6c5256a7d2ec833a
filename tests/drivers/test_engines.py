"""Which engines are refused, and what a burst of sessions opens on the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    ConfigurationError,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
)
from tests.support.at_once import sync_at_once
from tests.support.models import UserSession

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from tests.support.databases import Database


def engine_of_ours(url: URL, *, is_async: bool) -> Any:
    return SQLAlchemyAsyncConfig(url) if is_async else SQLAlchemySyncConfig(url)


def engine_of_the_application(url: URL, *, is_async: bool) -> Any:
    options = {"pool_size": 3, "max_overflow": 20}
    if is_async:
        return SQLAlchemyAsyncConfig(engine_instance=create_async_engine(url, **options))
    return SQLAlchemySyncConfig(engine_instance=create_engine(url, **options))


@pytest.mark.parametrize(
    ("open_engine", "size"),
    [
        (engine_of_ours, 10),
        (engine_of_the_application, 3),
    ],
)
async def test_a_burst_opens_no_connection_that_is_closed_again(
    any_database: tuple[bool, Database], open_engine: Any, size: int
) -> None:
    is_async, database = any_database
    config = SQLAlchemySessionConfig(
        alchemy_config=open_engine(database.url, is_async=is_async),
        model=UserSession,
        create_table=True,
    )
    backend = config.create_backend()
    pool, happened = config.engine.pool, Counter[str]()
    for name in ("connect", "close"):
        event.listen(pool, name, lambda *_, name=name: happened.update([name]))
    for _ in range(3):
        await asyncio.gather(*[backend.get(f"{number}") for number in range(40)])
    assert 1 <= happened["connect"] <= size
    assert happened["close"] == 0
    await config.dispose()
    assert happened["close"] == happened["connect"]


CONFIG = ServerSideSessionConfig()


def test_an_engine_of_the_other_kind_is_refused_with_the_right_class() -> None:
    asynchronous, synchronous = (
        SQLAlchemyAsyncConfig("sqlite+aiosqlite://"),
        SQLAlchemySyncConfig("sqlite://"),
    )
    with pytest.raises(ConfigurationError, match="SQLAlchemyAsyncSessionBackend"):
        SQLAlchemySyncSessionBackend(CONFIG, asynchronous, UserSession)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ConfigurationError, match="SQLAlchemySyncSessionBackend"):
        SQLAlchemyAsyncSessionBackend(CONFIG, synchronous, UserSession)  # type: ignore[arg-type]  # the mistake


def test_an_engine_whose_memory_is_another_in_every_thread_is_refused() -> None:
    engine = create_engine("sqlite://")
    with pytest.raises(ConfigurationError, match="StaticPool"):
        SQLAlchemySyncConfig(engine_instance=engine)


def test_a_sync_engine_on_an_async_driver_is_refused() -> None:
    engine = create_engine("sqlite+aiosqlite://")
    with pytest.raises(ConfigurationError, match="create_async_engine"):
        SQLAlchemyAsyncConfig(engine_instance=engine)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ConfigurationError, match="SQLAlchemyAsyncConfig"):
        SQLAlchemySyncConfig(engine_instance=engine)


def test_a_new_sqlite_file_is_opened_by_several_at_once(tmp_path: Path) -> None:
    for number in range(20):
        url = f"sqlite:///{tmp_path}/{number}.db"
        configs = [SQLAlchemySyncConfig(url) for _ in range(4)]
        sync_at_once(*(config.create_tables for config in configs))
        for config in configs:
            config.dispose()
