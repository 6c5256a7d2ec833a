"""Which mapped classes can hold sessions."""

from __future__ import annotations

import asyncio
from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations of a mapped class
from typing import Any

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import Index, MetaData, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import (
    ConfigurationError,
    SessionModelMixin,
    SessionPlugin,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
)

CONFIG = ServerSideSessionConfig()


def test_a_mapped_class_with_the_four_columns_is_a_model() -> None:
    class Base(DeclarativeBase):
        pass

    class Visit(Base):
        __tablename__ = "visits"
        __table_args__ = (Index("one_per_id", "sid", unique=True),)
        id: Mapped[int] = mapped_column(primary_key=True)
        session_id: Mapped[str] = mapped_column("sid")
        data: Mapped[bytes]
        expires_at: Mapped[datetime]  # a plain DateTime, without a time zone

    alchemy = SQLAlchemySyncConfig("sqlite://", create_all=True)
    backend = SQLAlchemySyncSessionBackend(CONFIG, alchemy, Visit)
    asyncio.run(backend.set("id", b"data"))
    asyncio.run(backend.set("id", b"new"))
    assert asyncio.run(backend.get("id")) == b"new"
    assert asyncio.run(backend.delete_expired()) == 0
    alchemy.dispose()


def test_a_model_that_cannot_hold_sessions_is_refused() -> None:
    class Base(DeclarativeBase):
        metadata = MetaData()

    class NoData(Base):
        __tablename__ = "no_data"
        id: Mapped[int] = mapped_column(primary_key=True)
        session_id: Mapped[str] = mapped_column(unique=True)

    class Ambiguous(Base):
        __tablename__ = "ambiguous"
        id: Mapped[int] = mapped_column(primary_key=True)
        session_id: Mapped[str]
        data: Mapped[bytes]
        expires_at: Mapped[str]

    class Unfilled(SessionModelMixin, Base):
        __tablename__ = "unfilled"
        owner: Mapped[str]
        team: Mapped[int]
        note: Mapped[str | None]
        kind: Mapped[str] = mapped_column(default="web")
        seen_at: Mapped[datetime] = mapped_column(server_default=func.now())

    class Unnamed(Base):
        __tablename__ = "unnamed"
        id: Mapped[str] = mapped_column(primary_key=True)
        session_id: Mapped[str] = mapped_column(unique=True)
        data: Mapped[bytes]
        expires_at: Mapped[datetime]

    alchemy = SQLAlchemySyncConfig("sqlite://")
    for model, remedy in (
        (Unfilled, r"nobody fills \(owner, team\): make them nullable, or give them a default"),
        (Unnamed, r"nobody fills \(id\)"),
        (object, "SessionModelMixin"),
        (NoData, "map the columns"),
        (Ambiguous, "as unique"),
    ):
        with pytest.raises(ConfigurationError, match=remedy):
            SQLAlchemySyncSessionBackend(CONFIG, alchemy, model)
        with pytest.raises(ConfigurationError, match=remedy):
            SQLAlchemySessionConfig(alchemy_config=alchemy, model=model)


def test_a_table_that_is_to_be_created_and_cannot_be_is_refused() -> None:
    class Base(DeclarativeBase):
        pass

    class NoLength(SessionModelMixin, Base):
        __tablename__ = "no_length"
        kind: Mapped[str] = mapped_column(default="web")

    for url in ("mysql+pymysql://127.0.0.1/none", "mysql+asyncmy://127.0.0.1/none"):
        with pytest.raises(ConfigurationError, match="VARCHAR requires a length"):
            SessionPlugin(url, model=NoLength)
        SessionPlugin(url, model=NoLength, create_table=False)
        with pytest.raises(ConfigurationError, match="leave out create_table=True"):
            make_backend(url, NoLength, create_all=True)
        make_backend(url, NoLength, create_all=False)
    SessionPlugin("postgresql+psycopg://127.0.0.1/none", model=NoLength)
    SessionPlugin("sqlite://", model=NoLength)


def make_backend(url: str, model: type[Any], *, create_all: bool) -> Any:
    if "async" in url:
        config = SQLAlchemyAsyncConfig(url, create_all=create_all)
        return SQLAlchemyAsyncSessionBackend(CONFIG, config, model)
    sync_config = SQLAlchemySyncConfig(url, create_all=create_all)
    return SQLAlchemySyncSessionBackend(CONFIG, sync_config, model)
