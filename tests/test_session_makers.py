"""A config of Advanced Alchemy that has its engine only as the bind of its ORM sessions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from advanced_alchemy.config import AsyncSessionConfig, SyncSessionConfig
from advanced_alchemy.extensions.litestar import SQLAlchemyAsyncConfig, SQLAlchemySyncConfig
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from litestar_sessions import ConfigurationError, SessionPlugin, SQLAlchemySyncSessionBackend
from tests.support.apps import app_with, serve
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
def sync_engine(tmp_path: Path) -> Any:
    engine = create_engine(f"sqlite:///{tmp_path}/app.db")
    yield engine
    engine.dispose()


@pytest.fixture
def async_engine(tmp_path: Path) -> AsyncEngine:
    return create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/app.db")


BOUND: dict[str, Callable[[Any], Any]] = {
    "sessionmaker": lambda engine: SQLAlchemySyncConfig(session_maker=sessionmaker(engine)),
    "scoped_session": lambda engine: SQLAlchemySyncConfig(
        session_maker=scoped_session(sessionmaker(engine))
    ),
    "function": lambda engine: SQLAlchemySyncConfig(session_maker=partial(Session, engine)),
    "session_config": lambda engine: SQLAlchemySyncConfig(
        session_config=SyncSessionConfig(bind=engine)
    ),
}
BOUND_ASYNC: dict[str, Callable[[Any], Any]] = {
    "sessionmaker": lambda engine: SQLAlchemyAsyncConfig(session_maker=async_sessionmaker(engine)),
    "function": lambda engine: SQLAlchemyAsyncConfig(session_maker=partial(AsyncSession, engine)),
    "session_config": lambda engine: SQLAlchemyAsyncConfig(
        session_config=AsyncSessionConfig(bind=engine)
    ),
}


@pytest.mark.parametrize("way", BOUND)
def test_a_session_maker_has_the_engine(sync_engine: Engine, way: str) -> None:
    serve(app_with(SessionPlugin(BOUND[way](sync_engine), create_table=True)))


@pytest.mark.parametrize("way", BOUND_ASYNC)
def test_an_async_session_maker_has_the_engine(async_engine: AsyncEngine, way: str) -> None:
    serve(app_with(SessionPlugin(BOUND_ASYNC[way](async_engine), create_table=True)))


def test_the_engine_of_a_session_maker_is_left_to_the_application(sync_engine: Engine) -> None:
    config = BOUND["sessionmaker"](sync_engine)
    assert SessionPlugin(config, own_pool=False).config.engine is sync_engine
    backend = SQLAlchemySyncSessionBackend(ServerSideSessionConfig(), config, UserSession)
    assert backend.engine is sync_engine


@pytest.mark.parametrize(
    "config",
    [
        SQLAlchemySyncConfig(),
        SQLAlchemyAsyncConfig(),
        SQLAlchemySyncConfig(session_maker=sessionmaker()),
        SQLAlchemyAsyncConfig(session_maker=async_sessionmaker()),
        SQLAlchemySyncConfig(session_maker=Session),
    ],
    ids=lambda config: f"{type(config).__name__} {type(config.session_maker).__name__}",
)
def test_a_config_without_an_engine_is_refused_with_the_remedy(config: Any) -> None:
    for make in (
        lambda: SessionPlugin(config),
        lambda: SQLAlchemySyncSessionBackend(ServerSideSessionConfig(), config, UserSession),
    ):
        with pytest.raises(ConfigurationError, match="a session_maker that is bound to an engine"):
            make()
