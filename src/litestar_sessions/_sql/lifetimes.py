"""How the databases spell it: so many seconds after a point in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal_column

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.elements import ColumnElement

__all__ = ("later",)


def later(
    moment: ColumnElement[Any], seconds: ColumnElement[Any], dialect: Dialect
) -> ColumnElement[Any]:
    """Return the expression for a point in time that many seconds after another one.

    On SQLite it has milliseconds, and is spelled as SQLAlchemy spells times there.
    """
    if dialect.name == "sqlite":
        spelling: ColumnElement[str] = literal_column("'%Y-%m-%d %H:%M:%f'")
        modifier = seconds.op("||")(literal_column("' seconds'"))
        return func.strftime(spelling, moment, modifier).op("||")(literal_column("'000'"))
    if dialect.name in {"mysql", "mariadb"}:
        return func.timestampadd(literal_column("SECOND"), seconds, moment)
    if dialect.name == "mssql" or dialect.name.startswith("firebird"):
        return func.dateadd(literal_column("second"), seconds, moment)
    if dialect.name == "oracle":
        return moment + func.numtodsinterval(seconds, literal_column("'SECOND'"))
    return moment + seconds * literal_column("INTERVAL '1 second'")
