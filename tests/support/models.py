"""Session models that the tests share."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations

from sqlalchemy import CheckConstraint, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import SessionModelMixin, UserSessionMixin


class UserSession(SessionModelMixin):
    __tablename__ = "user_sessions"


class OtherBase(DeclarativeBase):
    """The declarative base of an application."""


class OtherSession(SessionModelMixin, OtherBase):
    __tablename__ = "other_sessions"


class FullSession(UserSessionMixin, SessionModelMixin):
    """A model with the columns of every setting."""

    __tablename__ = "full_sessions"


class OwnedSession(SessionModelMixin, OtherBase):
    """A model with a column that nobody fills, on which the database alone insists."""

    __tablename__ = "owned_sessions"
    __table_args__ = (CheckConstraint("owner IS NOT NULL", "owner_is_known"),)
    owner: Mapped[str | None] = mapped_column(String(10))


class Audited(SessionModelMixin, OtherBase):
    """Its added columns have every kind of default, and its name needs quotes."""

    __tablename__ = "audited sessions"
    kind: Mapped[str] = mapped_column(String(10), default="web")
    changes: Mapped[str | None] = mapped_column(String(10), onupdate=lambda: "changed")
    seen_at: Mapped[datetime] = mapped_column(default=func.now(), onupdate=func.now())


class NobodysBase(DeclarativeBase):
    """A declarative base whose tables nobody creates."""


class MissingSession(SessionModelMixin, NobodysBase):
    __tablename__ = "missing_sessions"
