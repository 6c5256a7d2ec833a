"""Session models that the tests share."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import SessionModelMixin


class UserSession(SessionModelMixin):
    __tablename__ = "user_sessions"


class OtherBase(DeclarativeBase):
    """The declarative base of an application."""


class OtherSession(SessionModelMixin, OtherBase):
    __tablename__ = "other_sessions"


class OwnedSession(SessionModelMixin, OtherBase):
    """A model with a column that nobody fills."""

    __tablename__ = "owned_sessions"
    owner: Mapped[str] = mapped_column(String(10))


class NobodysBase(DeclarativeBase):
    """A declarative base whose tables nobody creates."""


class MissingSession(SessionModelMixin, NobodysBase):
    __tablename__ = "missing_sessions"
