"""Which mapped classes can hold sessions."""

from __future__ import annotations

import asyncio
from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations of a mapped class

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import (
    ConfigurationError,
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

    alchemy = SQLAlchemySyncConfig("sqlite://")
    for model, remedy in (
        (object, "SessionModelMixin"),
        (NoData, "map the columns"),
        (Ambiguous, "as unique"),
    ):
        with pytest.raises(ConfigurationError, match=remedy):
            SQLAlchemySyncSessionBackend(CONFIG, alchemy, model)
