"""Every SQL statement of the package, as values: built here, run by the storage.

Their parameters are ``s_key`` and ``s_new_key`` (storage keys), ``s_data``, ``s_expected``,
``s_expires_at`` and ``s_now``. The prefix keeps them apart from the columns of a model.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from litestar_sessions.dialects import SaveBy, way_to_save
from litestar_sessions.keys import storage_key
from litestar_sessions.saves import merge, upsert
from litestar_sessions.table import SessionTable
from litestar_sessions.types import as_utc

if TYPE_CHECKING:
    from sqlalchemy import Column, Delete, Dialect, Executable, Insert, Select, Update
    from sqlalchemy.sql.elements import ColumnElement

__all__ = ("SessionStatements", "parameters")


def parameters(session_id: str, **values: Any) -> dict[str, Any]:
    """Return the parameters of a statement about one session; naive datetimes are taken as UTC."""
    named = {
        f"s_{name}": as_utc(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    return {"s_key": storage_key(session_id), **named}


class SessionStatements:
    """The statements for one model on one dialect, each built when it is first used.

    Raises:
        ConfigurationError: The model cannot hold sessions, or the dialect cannot save that way.
    """

    def __init__(self, model: type[Any], dialect: Dialect, save_by: SaveBy | None = None) -> None:
        self._dialect = dialect
        self._save_by = way_to_save(dialect, save_by)
        self._sessions = sessions = SessionTable(model)
        self.table = sessions.table
        self._key = bindparam("s_key", type_=sessions.session_id.type)
        self._data = bindparam("s_data", type_=sessions.data.type)
        self._expires_at = bindparam("s_expires_at", type_=sessions.timestamp)
        self._now = bindparam("s_now", type_=sessions.timestamp)

    @property
    def _found(self) -> ColumnElement[bool]:
        return self._sessions.session_id == self._key

    @property
    def _live(self) -> ColumnElement[bool]:
        return self._found & (self._sessions.expires_at > self._now)

    @property
    def _row(self) -> dict[Column[Any], ColumnElement[Any]]:
        return {self._sessions.session_id: self._key, **self._content}

    @property
    def _content(self) -> dict[Column[Any], ColumnElement[Any]]:
        return {self._sessions.data: self._data, self._sessions.expires_at: self._expires_at}

    @property
    def _shown(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        return self._sessions.data.label("data"), self._sessions.expires_at.label("expires_at")

    @cached_property
    def load(self) -> Select[Any]:
        """The data and the expiry of a live session."""
        return select(*self._shown).where(self._live)

    @cached_property
    def find(self) -> Select[Any]:
        """The key of a session, live or expired."""
        return select(self._sessions.session_id).where(self._found)

    @cached_property
    def insert(self) -> Insert:
        """A new row; a unique violation if the key has one."""
        return insert(self._sessions.table).values(self._row)

    @cached_property
    def replace(self) -> Update:
        """New data and expiry for a session, live or expired."""
        return update(self._sessions.table).where(self._found).values(self._content)

    @cached_property
    def save(self) -> Executable | None:
        """What inserts or replaces in one statement; ``None`` if nothing does."""
        if self._save_by is SaveBy.UPSERT:
            return upsert(self._sessions, self._row, self._dialect)
        if self._save_by is SaveBy.MERGE:
            return merge(self._sessions, self._row, self._dialect)
        return None

    @cached_property
    def update(self) -> Update:
        """New data and expiry for a live session whose data is still ``s_expected``."""
        expected = bindparam("s_expected", type_=self._sessions.data.type)
        unchanged: ColumnElement[bool] = self._sessions.data == expected
        if self._dialect.name == "oracle":  # which compares no BLOBs with "="
            unchanged = func.dbms_lob.compare(self._sessions.data, expected) == 0
        return update(self._sessions.table).where(self._live, unchanged).values(self._content)

    @cached_property
    def touch(self) -> Update:
        """A new expiry for a live session."""
        change = {self._sessions.expires_at: self._expires_at}
        return update(self._sessions.table).where(self._live).values(change)

    @cached_property
    def load_and_touch(self) -> Update | None:
        """Both at once; ``None`` where an ``UPDATE`` returns no rows (MySQL, MariaDB)."""
        return self.touch.returning(*self._shown) if self._dialect.update_returning else None

    @cached_property
    def rotate(self) -> Update:
        """A new key for a live session."""
        new_key = bindparam("s_new_key", type_=self._sessions.session_id.type)
        change = {self._sessions.session_id: new_key}
        return update(self._sessions.table).where(self._live).values(change)

    @cached_property
    def delete(self) -> Delete:
        """One session, live or expired."""
        return delete(self._sessions.table).where(self._found)

    @cached_property
    def delete_all(self) -> Delete:
        """Every session."""
        return delete(self._sessions.table)

    def delete_expired(self, limit: int) -> Delete:
        """At most so many expired sessions.

        Expiry is tested again by the ``DELETE`` itself: another request may have saved the session
        since the rows were picked.
        """
        expired = self._sessions.expires_at <= self._now
        statement = delete(self._sessions.table).where(expired)
        if self._dialect.name in {"mysql", "mariadb"}:  # which take no LIMIT in a subquery
            return statement.with_dialect_options(mysql_limit=limit, mariadb_limit=limit)
        oldest = select(self._sessions.id).where(expired).order_by(self._sessions.expires_at)
        return statement.where(self._sessions.id.in_(oldest.limit(limit)))
