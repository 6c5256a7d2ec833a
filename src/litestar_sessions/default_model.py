"""The model of those who need no model of their own."""

from __future__ import annotations

from litestar_sessions.model import SessionModelMixin, UserSessionMixin

__all__ = ("Session",)


class Session(UserSessionMixin, SessionModelMixin):
    """A session table with the columns of every setting."""

    __tablename__ = "litestar_sessions"
