"""The table behind a session model: its four columns, whatever the database calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, UniqueConstraint, inspect
from sqlalchemy.exc import CompileError, NoInspectionAvailable
from sqlalchemy.schema import CreateIndex, CreateTable

from litestar_sessions._sql.details import FORMER
from litestar_sessions._sql.extras import EXTRAS
from litestar_sessions._sql.types import UTCTimestamp, UUIDKey
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ("SessionTable", "bind_type")

_COLUMNS = ("id", "session_id", "data", "expires_at")


class SessionTable:
    """The table of a mapped class with the attributes id, session_id, data and expires_at.

    Raises:
        ConfigurationError: The class is not mapped, lacks a column, has a column that nobody fills,
            or its table would take two rows for one session ID.
    """

    def __init__(self, model: type[Any]) -> None:
        try:
            mapped = inspect(model).columns
            columns: list[Column[Any]] = [mapped[name] for name in _COLUMNS]
        except (NoInspectionAvailable, KeyError) as error:
            raise ConfigurationError(
                f"{model!r} cannot hold sessions ({error}): derive it from SessionModelMixin and "
                f"give it a __tablename__, or map the columns {', '.join(_COLUMNS)}.",
            ) from None
        self.name = model.__name__
        self.id, self.session_id, self.data, self.expires_at = columns
        self.extras: dict[str, Column[Any]] = {n: mapped[n] for n in EXTRAS if n in mapped}
        """The columns beyond the four that the model has, by the names of this package."""
        self.table = self.session_id.table
        if {self.session_id} not in list(self._unique()):
            raise ConfigurationError(
                f"{model!r} would take two rows for one session ID: declare session_id as unique.",
            )
        self._check_filled(model)

    def _check_filled(self, model: type[Any]) -> None:
        unfilled = [column.name for column in self.table.columns if not self._is_filled(column)]
        if unfilled:
            raise ConfigurationError(
                f"{model!r} has columns that must not be null and that nobody fills "
                f"({', '.join(unfilled)}): make them nullable, or give them a default=, or a "
                "server_default=FetchedValue() if the database fills them.",
            )

    def _is_filled(self, column: Column[Any]) -> bool:
        """Tell whether a new row has a value there, or needs none."""
        if column in {self.session_id, self.data, self.expires_at}:
            return True
        if column is self.id and self.has_our_ids:
            return True
        has_default = column.default is not None or column.server_default is not None
        return has_default or column.nullable or column is self.table.autoincrement_column

    def check_creation(self, dialect: Dialect) -> None:
        """See that the dialect has a spelling for the table.

        Raises:
            ConfigurationError: It has none, as MySQL has none for a string without a length.
        """
        try:
            CreateTable(self.table).compile(dialect=dialect)
            for index in self.table.indexes:
                CreateIndex(index).compile(dialect=dialect)
        except CompileError as error:
            raise ConfigurationError(
                f"The table {self.table.fullname} cannot be created on {dialect.name} ({error}): "
                "change the types of its columns, or create it yourself and leave out "
                "create_table=True and create_all=True.",
            ) from None

    def _unique(self) -> Iterator[set[Column[Any]]]:
        yield set(self.table.primary_key)
        for constraint in self.table.constraints:
            if isinstance(constraint, UniqueConstraint):
                yield set(constraint.columns)
        for index in self.table.indexes:
            if index.unique:
                yield set(index.columns)

    @property
    def written(self) -> list[Column[Any]]:
        """The columns that statements name, and those that are given a value here."""
        ours = {self.id, self.session_id, self.data, self.expires_at, *self.extras.values()}
        columns = self.table.columns
        return [c for c in columns if c in ours or c.default is not None or c.onupdate is not None]

    @property
    def has_our_ids(self) -> bool:
        """Whether the primary key is a UUID column of ours; others know how to fill theirs."""
        return isinstance(self.id.type, UUIDKey)

    @property
    def has_uuids(self) -> bool:
        """Whether the primary key is a UUID, of this package or another."""
        try:
            return self.id.type.python_type is UUID
        except NotImplementedError:
            return False

    @property
    def last_seen_at(self) -> Column[Any] | None:
        """The column that is written with each change of a row, if the model has it."""
        column = self.extras.get("last_seen_at")
        return column if column is not None and is_time(column.type) else None

    @property
    def remembers_former(self) -> bool:
        """Whether a row tells of the session ID that its session had before."""
        return all(name in self.extras for name in FORMER)

    @property
    def lifetime(self) -> Column[Any] | None:
        """The column for a session's own idle timeout in seconds, if the model has lifetimes."""
        column = self.extras.get("lifetime")
        is_ours = column is not None and isinstance(column.type, Integer)
        return column if is_ours and "persistent" in self.extras else None


def bind_type(column: Column[Any]) -> TypeEngine[Any]:
    """Return the type to bind a value with; a plain ``DateTime`` does not take it as UTC."""
    column_type: TypeEngine[Any] = column.type
    return (
        UTCTimestamp(timezone=column_type.timezone)
        if isinstance(column_type, DateTime)
        else column_type
    )


def is_time(column_type: TypeEngine[Any]) -> bool:
    """Tell whether a column holds points in time."""
    return isinstance(column_type, (DateTime, UTCTimestamp))
