"""Every SQL statement of the package, as values: built here, run by the storage.

`SessionParameters` has the values to run them with.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from litestar_sessions._sql.clauses import SessionClauses
from litestar_sessions._sql.details import columns_named
from litestar_sessions._sql.dialects import SaveBy, returns_updated, way_to_save
from litestar_sessions._sql.expectations import DIGESTED_FROM, digest_of, has_data, has_digest
from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys
from litestar_sessions._sql.parameters import Leave
from litestar_sessions._sql.purges import purge
from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.saves import merge, upsert
from litestar_sessions._sql.table import SessionTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Delete, Dialect, Executable, Insert, Select, Update
    from sqlalchemy.sql.elements import ColumnElement

__all__ = ("SessionStatements",)


class SessionStatements:
    """The statements for one model on one dialect, each built when it is first used.

    Raises:
        ConfigurationError: The model cannot hold sessions, or lacks a column that is to be loaded
            or written, or the dialect cannot save that way.
    """

    def __init__(  # noqa: PLR0913 - each but the first two has a default
        self,
        model: type[Any],
        dialect: Dialect,
        save_by: SaveBy | None = None,
        keys: SessionKeys = PLAIN_KEYS,
        *,
        loaded: Sequence[str] = (),
        written: Sequence[str] = (),
        leave: Leave = Leave.NOTHING,
    ) -> None:
        self._dialect = dialect
        self._save_by = way_to_save(dialect, save_by)
        self.has_several_keys = keys.are_several
        """Whether a session may have several rows, each under a key of its own."""
        if self.has_several_keys:
            # An upsert would not see a session that is there under another key.
            self._save_by = SaveBy.LOOK_THEN_WRITE
        self.sessions = self._sessions = sessions = SessionTable(model)
        self.table = sessions.table
        self.has_our_ids = sessions.has_our_ids
        require_extras(sessions, "A detail of sessions", *loaded, *columns_named(written))
        self._parts = SessionClauses(sessions, keys, loaded, written, leave=leave)
        self._load_many: dict[int, Select[Any]] = {}
        self._make = partial(SessionStatements, model, dialect, save_by, keys, loaded=loaded)
        self._variants: dict[tuple[tuple[str, ...], Leave], SessionStatements] = {}

    def writing(self, names: Iterable[str], leave: Leave = Leave.NOTHING) -> SessionStatements:
        """Return those that write columns beyond the four too, or leave some of these alone."""
        variant = tuple(names), leave
        if variant == ((), Leave.NOTHING):
            return self
        if variant not in self._variants:
            self._variants[variant] = self._make(written=variant[0], leave=leave)
        return self._variants[variant]

    @cached_property
    def load(self) -> Select[Any]:
        """A live session."""
        return select(*self._parts.shown).where(self._parts.live)

    def load_many(self, count: int) -> Select[Any]:
        """The live ones among several sessions, which have as many keys."""
        if count not in self._load_many:
            condition = self._parts.among(count) & self._parts.not_expired
            self._load_many[count] = select(*self._parts.shown).where(condition)
        return self._load_many[count]

    @cached_property
    def reload(self) -> Select[Any]:
        """A live session that was loaded."""
        return select(*self._parts.shown).where(self._parts.loaded, self._parts.not_expired)

    @cached_property
    def find(self) -> Select[Any]:
        """A session, live or expired."""
        return select(*self._parts.shown).where(self._parts.found)

    @cached_property
    def insert(self) -> Insert:
        """A new row; a unique violation if the key has one."""
        return insert(self._sessions.table).values(self._parts.row)

    @cached_property
    def replace(self) -> Update:
        """New data and expiry for a session, live or expired."""
        return self._change(self._parts.found).values(self._parts.change)

    @cached_property
    def save(self) -> Executable | None:
        """What inserts or replaces in one statement; ``None`` if nothing does."""
        if self._save_by is SaveBy.UPSERT:
            return upsert(self._sessions, self._parts.row, self._dialect)
        if self._save_by is SaveBy.MERGE:
            return merge(self._sessions, self._parts.row, self._dialect)
        return None

    @cached_property
    def overwrite(self) -> Update:
        """New key, data and expiry for a live session."""
        return self._change(self._parts.live).values(self._parts.change)

    @cached_property
    def update(self) -> Update:
        """The same for a live session whose data is still ``s_expected``."""
        return self.overwrite.where(has_data(self._sessions, self._dialect))

    @cached_property
    def update_by_digest(self) -> Update | None:
        """The same for one whose data still has ``s_digest``; ``None`` if that saves nothing."""
        unchanged = has_digest(self._sessions, self._dialect)
        return None if unchanged is None else self.overwrite.where(unchanged)

    def update_of(self, expected: bytes) -> tuple[Update, dict[str, Any]]:
        """Return one of the two, and the value that it compares with."""
        if len(expected) < DIGESTED_FROM or self.update_by_digest is None:
            return self.update, {"s_expected": expected}
        return self.update_by_digest, {"s_digest": digest_of(expected, self._dialect)}

    @cached_property
    def touch(self) -> Update:
        """A new expiry for a live session, and the current key."""
        return self._touch()

    @cached_property
    def load_and_touch(self) -> Update | None:
        """Both at once; ``None`` where no ``UPDATE`` returns what it has changed."""
        # Not made of `touch`: its `exported_columns`, once read, would go on to what is made of it.
        touch = self._touch() if returns_updated(self._dialect) else None
        return None if touch is None else touch.returning(*self._parts.shown)

    def _touch(self) -> Update:
        change = {
            self._sessions.session_id: self._parts.new_key,
            **self._parts.renewal,
            self._sessions.expires_at: self._parts.next_expiry(self._dialect),
        }
        return self._change(self._parts.live).values(change)

    @cached_property
    def rotate(self) -> Update:
        """A new key for a live session."""
        change = {self._sessions.session_id: self._parts.new_key, **self._parts.renewal}
        return self._change(self._parts.live).values(change)

    def _change(self, condition: ColumnElement[bool]) -> Update:
        """Return an ``UPDATE`` that leaves a session with several rows alone."""
        changed = update(self._sessions.table).where(condition)
        return changed.where(self._parts.alone) if self.has_several_keys else changed

    @cached_property
    def delete(self) -> Delete:
        """One session, live or expired."""
        return delete(self._sessions.table).where(self._parts.found)

    @cached_property
    def discard(self) -> Delete:
        """One session that was loaded."""
        return delete(self._sessions.table).where(self._parts.loaded)

    @cached_property
    def delete_others(self) -> Delete:
        """The rows of a session but for that under ``s_kept``, if none is to expire later."""
        sessions, parts = self._sessions, self._parts
        kept = bindparam("s_kept", type_=sessions.session_id.type)
        is_older = sessions.expires_at <= parts.expires_at
        return delete(sessions.table).where(parts.found, sessions.session_id != kept, is_older)

    @cached_property
    def delete_all(self) -> Delete:
        """Every session."""
        return delete(self._sessions.table)

    @cached_property
    def delete_expired(self) -> Executable:
        """The oldest of the expired sessions, ``s_limit`` at most."""
        return purge(self._sessions, self._parts.now, self._dialect)
