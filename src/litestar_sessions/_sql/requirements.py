"""What a feature asks of a model, and the migration by which a table gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar_sessions._sql.extras import EXTRAS, INDEXED
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from litestar_sessions._sql.table import SessionTable

__all__ = ("require_extras",)

_HEAD = (
    "import litestar_sessions.columns",
    "import sqlalchemy as sa",
    "from alembic import op",
    "from sqlalchemy.dialects import mysql",
    "",
    "def upgrade():",
)


def require_extras(sessions: SessionTable, feature: str, *names: str) -> None:
    """See that a model has the columns that a feature needs.

    Args:
        sessions: The table of the model.
        feature: What needs them, as an application's author has written it.
        names: The names of the columns.

    Raises:
        ConfigurationError: It has not; the message ends with the lines of a migration.
    """
    lacking = [name for name in names if name not in sessions.extras]
    if not lacking:
        return
    what = f"column {lacking[0]}" if len(lacking) == 1 else f"columns {', '.join(lacking)}"
    raise ConfigurationError(
        f"{feature} needs the {what}, which {sessions.name} has not: derive it from "
        "UserSessionMixin, beside SessionModelMixin.\n"
        "A table that exists gets the columns of that mixin by a migration, such as Alembic's "
        "autogenerate writes:\n\n" + _migration_of(sessions),
    )


def _migration_of(sessions: SessionTable) -> str:
    """Return the lines of an Alembic migration that add the columns that a model lacks."""
    table = sessions.table.name
    schema = f", schema={sessions.table.schema!r}" if sessions.table.schema else ""
    lacking = [name for name in EXTRAS if name not in sessions.extras]
    columns = [
        f"    op.add_column({table!r}, sa.Column({name!r}, {EXTRAS[name]}, nullable=True){schema})"
        for name in lacking
    ]
    indexes = [
        f"    op.create_index({f'ix_{table}_{name}'!r}, {table!r}, [{name!r}]{schema})"
        for name in INDEXED
        if name in lacking
    ]
    return "\n".join((*_HEAD, *columns, *indexes))
