"""The session table: a declarative base with a UUIDv7 key, and the mixins that make a model."""

from __future__ import annotations

import sys
from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations of a mapped class
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003 - as above

from sqlalchemy import BigInteger, MetaData, String, bindparam
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    DeclarativeMeta,
    Mapped,
    mapped_column,
    validates,
)
from uuid_utils.compat import uuid7

from litestar_sessions._sql.extras import IP_ADDRESS_LENGTH, USER_AGENT_LENGTH
from litestar_sessions._sql.types import (
    SESSION_DATA,
    SESSION_ID_LENGTH,
    SessionIDString,
    UTCTimestamp,
    UUIDKey,
    as_utc,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.elements import ColumnElement

if "alembic" in sys.modules:
    from litestar_sessions import migrations

    migrations.register()

__all__ = ("SESSION_ID_LENGTH", "SessionModelMixin", "UUIDv7Base", "UserSessionMixin")


class UUIDv7Base(DeclarativeBase):
    """A declarative base whose models have a UUIDv7 primary key (RFC 9562).

    A model that has another declarative base too belongs to that one: to its registry and its
    metadata, whichever comes first in the list of bases.
    """

    __abstract__ = True

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
        },
    )
    """Names them as Advanced Alchemy does, so that migrations see no difference."""

    id: Mapped[UUID] = mapped_column(
        UUIDKey, primary_key=True, insert_default=uuid7, sort_order=-100
    )
    """Carries the time of creation."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Map the class on the base that the user brought, if there is one."""
        bases: Iterator[Any] = (base for base in cls.__mro__[1:] if "_sa_registry" in vars(base))
        own = next((base for base in bases if base is not UUIDv7Base), None)
        if own is not None:
            # `registry` is the public name, but SQLAlchemy warns if a model has it of its own.
            cls._sa_registry = own._sa_registry  # noqa: SLF001
            cls.metadata = own.metadata
        # The older kinds of bases map a class by themselves, and once is enough.
        is_older = isinstance(cls, DeclarativeMeta) or issubclass(cls, DeclarativeBaseNoMeta)
        super(DeclarativeBase if is_older else UUIDv7Base, cls).__init_subclass__(**kwargs)


class SessionModelMixin(UUIDv7Base):
    """The columns of a session table.

    A subclass with a ``__tablename__`` is a complete model. It may also have a declarative base
    of its own, further columns (nullable or with a default) and ``__table_args__``.
    """

    __abstract__ = True

    session_id: Mapped[str] = mapped_column(SessionIDString(SESSION_ID_LENGTH), unique=True)
    """The session ID, or its digest where the column could not hold it exactly."""

    data: Mapped[bytes] = mapped_column(SESSION_DATA)
    """The session data, serialized."""

    expires_at: Mapped[datetime] = mapped_column(UTCTimestamp, index=True)
    """The session is live before this point in time; naive datetimes are taken as UTC."""

    @validates("expires_at")
    def _expires_at_is_aware(self, _key: str, value: datetime) -> datetime:
        return as_utc(value)

    @hybrid_property
    def is_expired(self) -> bool:
        """Whether the session has expired, by the clock of the application.

        On the class it is an SQL expression; the time is read when the statement is executed.
        """
        return self.expires_at <= utc_now()

    @is_expired.inplace.expression
    @classmethod
    def _is_expired_expression(cls) -> ColumnElement[bool]:
        now = bindparam(None, callable_=utc_now, type_=cls.expires_at.type)
        return cls.expires_at <= now


class UserSessionMixin:
    """The columns for whose sessions these are, how long each lives, and how it ends.

    Beside `SessionModelMixin`, or Advanced Alchemy's; each is nullable, so that a table that
    exists can get them. A setting asks only for the columns that it needs.
    """

    owner: Mapped[str | None] = mapped_column(SessionIDString(SESSION_ID_LENGTH), index=True)
    """Whose session it is; a digest of that where the column could not hold it exactly."""

    owner_bytes: Mapped[bytes | None] = mapped_column(SESSION_DATA)
    """The owner in UTF-8, where ``owner`` is a digest."""

    signed_in_at: Mapped[datetime | None] = mapped_column(UTCTimestamp)
    """When the session got its owner; unknown if that was before owners were written."""

    last_seen_at: Mapped[datetime | None] = mapped_column(UTCTimestamp)
    """When the session was last written: it was made, changed or renewed."""

    user_agent: Mapped[str | None] = mapped_column(String(USER_AGENT_LENGTH))
    """The browser of that moment, as it names itself."""

    ip_address: Mapped[str | None] = mapped_column(String(IP_ADDRESS_LENGTH))
    """The address of that moment."""

    lifetime: Mapped[int | None] = mapped_column(BigInteger)
    """The idle timeout of this session in seconds, where it is not that of the config."""

    persistent: Mapped[bool | None]
    """Whether the cookie outlives the browser, where it is not as the config says."""

    former_session_id: Mapped[str | None] = mapped_column(
        SessionIDString(SESSION_ID_LENGTH), index=True
    )
    """What ``session_id`` was before the last rotation."""

    rotated_at: Mapped[datetime | None] = mapped_column(UTCTimestamp)
    """When that was."""

    rights_changed_at: Mapped[datetime | None] = mapped_column(UTCTimestamp)
    """When the session was last rotated for another reason than the time that had passed."""
