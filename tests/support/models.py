"""Session models that the tests share."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from litestar_sessions import SessionModelMixin


class UserSession(SessionModelMixin):
    __tablename__ = "user_sessions"


class OtherBase(DeclarativeBase):
    """The declarative base of an application."""


class OtherSession(SessionModelMixin, OtherBase):
    __tablename__ = "other_sessions"
