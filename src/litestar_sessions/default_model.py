"""The model of those who need no model of their own."""

from __future__ import annotations

from litestar_sessions.model import SessionModelMixin

__all__ = ("Session",)


class Session(SessionModelMixin):
    """A session table without further columns."""

    __tablename__ = "litestar_sessions"
