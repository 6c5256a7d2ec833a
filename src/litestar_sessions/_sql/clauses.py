"""What the statements are made of: parameters, and the conditions and columns that recur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, func, literal_column, select

from litestar_sessions._sql.details import EXPECTED
from litestar_sessions._sql.lifetimes import later
from litestar_sessions._sql.parameters import Leave, key_names
from litestar_sessions._sql.table import bind_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import BindParameter, Column, Dialect
    from sqlalchemy.sql.elements import ColumnElement

    from litestar_sessions._sql.keys import SessionKeys
    from litestar_sessions._sql.table import SessionTable

__all__ = ("SessionClauses",)


class SessionClauses:
    """The clauses for one table; `SessionParameters` has the values of their parameters."""

    def __init__(
        self,
        sessions: SessionTable,
        keys: SessionKeys,
        loaded: Sequence[str] = (),
        written: Sequence[str] = (),
        *,
        leave: Leave = Leave.NOTHING,
    ) -> None:
        self._sessions = sessions
        self._loaded = loaded
        self._written = [name for name in written if name not in EXPECTED]
        self._expected = [name for name in written if name in EXPECTED]
        self._keys = keys
        self._leave = leave
        self.key = self._key_named("s_key")
        self.new_key = self._key_named("s_new_key")
        self.id = bindparam("s_id", type_=sessions.id.type)
        self.data = bindparam("s_data", type_=sessions.data.type)
        self.expires_at = bindparam("s_expires_at", type_=bind_type(sessions.expires_at))
        self.now = bindparam("s_now", type_=bind_type(sessions.expires_at))

    def _key_named(self, name: str) -> BindParameter[Any]:
        return bindparam(name, type_=self._sessions.session_id.type)

    @property
    def found(self) -> ColumnElement[bool]:
        """The session has one of the keys."""
        return self.among(len(self._keys.spellings))

    def among(self, count: int) -> ColumnElement[bool]:
        """The session has one of as many keys."""
        _, *others = key_names(count)
        if not others:
            return self._sessions.session_id == self.key
        return self._sessions.session_id.in_([self.key, *map(self._key_named, others)])

    @property
    def live(self) -> ColumnElement[bool]:
        """The session has one of the keys, has not expired, and is what it is expected to be."""
        columns = {name: self._sessions.extras[EXPECTED[name]] for name in self._expected}
        expected = (
            column.is_not_distinct_from(bindparam(f"s_{name}", type_=bind_type(column)))
            for name, column in columns.items()
        )
        return and_(self.found, self.not_expired, *expected)

    @property
    def alone(self) -> ColumnElement[bool]:
        """The session has no second row, under another key.

        Counted below a ``FROM``, since MySQL reads the table that it changes nowhere else.
        """
        table = self._sessions.table
        rows = select(func.count().label("found")).select_from(table).where(self.found)
        counted = rows.subquery("counted")
        return select(counted.c.found).scalar_subquery() == literal_column("1")

    @property
    def loaded(self) -> ColumnElement[bool]:
        """The session has the primary key; where there are several keys, or one of them."""
        by_id: ColumnElement[bool] = self._sessions.id == self.id
        return by_id | self.found if self._keys.are_several else by_id

    @property
    def not_expired(self) -> ColumnElement[bool]:
        """The session has not expired."""
        return self._sessions.expires_at > self.now

    @property
    def row(self) -> dict[Column[Any], ColumnElement[Any]]:
        """The values of a new row; the primary key where it is one of ours."""
        own_id = {self._sessions.id: self.id} if self._sessions.has_our_ids else {}
        return {**own_id, self._sessions.session_id: self.key, **self._content}

    @property
    def change(self) -> dict[Column[Any], ColumnElement[Any]]:
        """New key, data and expiry; in place it is the data alone, as far as that is possible."""
        if self._leave is Leave.KEY_AND_EXPIRY and not self._keys.are_several:
            return self._content
        return {self._sessions.session_id: self.new_key, **self._content}

    @property
    def _content(self) -> dict[Column[Any], ColumnElement[Any]]:
        return {self._sessions.data: self.data, **self.renewal}

    @property
    def renewal(self) -> dict[Column[Any], ColumnElement[Any]]:
        """A new expiry, and the columns beyond the four that are written."""
        is_new = self._leave is Leave.NOTHING
        expiry = {self._sessions.expires_at: self.expires_at} if is_new else {}
        return {**expiry, **self.seen, **self._details}

    def next_expiry(self, dialect: Dialect) -> ColumnElement[Any]:
        """The new expiry; where nobody has looked, the session's own lifetime decides."""
        lifetime = self._sessions.lifetime
        if lifetime is None or {"lifetime", "lifetime_was"} & {*self._written, *self._expected}:
            return self.expires_at
        own = later(self.now, lifetime, dialect)
        return case((lifetime.is_(None), self.expires_at), else_=own)

    @property
    def seen(self) -> dict[Column[Any], ColumnElement[Any]]:
        """When the row is written, if there is a column for that."""
        column = self._sessions.last_seen_at
        return {} if column is None else {column: self.now}

    @property
    def _details(self) -> dict[Column[Any], ColumnElement[Any]]:
        columns = [self._sessions.extras[name] for name in self._written]
        return {
            column: bindparam(f"s_{name}", type_=bind_type(column))
            for name, column in zip(self._written, columns, strict=True)
        }

    @property
    def shown(self) -> list[ColumnElement[Any]]:
        """The columns of a session, by the names of this package."""
        sessions = self._sessions
        columns = {
            "id": sessions.id,
            "session_id": sessions.session_id,
            "data": sessions.data,
            "expires_at": sessions.expires_at,
            **{name: sessions.extras[name] for name in self._loaded},
        }
        return [column.label(name) for name, column in columns.items()]
