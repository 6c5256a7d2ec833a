"""A table of which a part has expired."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sqlalchemy import select

from benchmarks.tables import SYNC_DRIVERS, drop
from litestar_sessions import SessionModelMixin, SQLAlchemySyncConfig

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ("TABLE", "ExpiringSession", "fill")

TABLE = "expiring_sessions"
_WATCHED = 1_000

# Rows are in the order of their creation, with primary keys that begin with its time, and expire
# roughly in that order. SQLite's keys have the time in hexadecimal, for want of a function.
_INTO = f"INSERT INTO {TABLE} (id, session_id, data, expires_at)"
_FILL = {
    "postgresql": """{into} SELECT cast(concat(lpad(to_hex(cast({time} AS bigint)), 12, '0'), '7',
        substr(md5({n}::text), 1, 19)) AS uuid),
        'sha256:' || encode(sha256({n}::text::bytea), 'hex'), repeat('x', 300)::bytea,
        to_timestamp({expiry} + floor(random() * 3600)) FROM generate_series(1, {rows}) AS n""",
    "mysql": """{into} SELECT
        unhex(concat(lpad(hex({time}), 12, '0'), '7', substr(md5({n}), 1, 19))),
        concat('sha256:', sha2({n}, 256)), repeat('x', 300),
        timestampadd(SECOND, {expiry} + floor(rand() * 3600), '1970-01-01') FROM seq_1_to_{rows}""",
    "sqlite": """WITH RECURSIVE numbers (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) {into}
        SELECT cast(printf('%012x', {time}) || substr(hex(randomblob(2)), 1, 4) AS blob),
        'sha256:' || lower(hex(randomblob(32))), zeroblob(300),
        datetime({expiry} + abs(random()) % 3600, 'unixepoch') || '.000000' FROM numbers""",
}
_SETTLE = {
    "postgresql": f"VACUUM ANALYZE {TABLE}",
    "mysql": f"ANALYZE TABLE {TABLE}",
    "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)",
}


class ExpiringSession(SessionModelMixin):
    """A row for the storage."""

    __tablename__ = TABLE


def fill(url: URL, rows: int, expired: int) -> list[str]:
    """Fill the table anew; return some live sessions from all over it."""
    config = SQLAlchemySyncConfig(
        url.set(drivername=SYNC_DRIVERS.get(url.drivername, url.drivername))
    )
    backend = url.get_backend_name()
    number, now = ("seq" if backend == "mysql" else "n"), datetime.now(timezone.utc)
    first = int(now.timestamp()) - expired
    expiry = f"{first} + {number} + CASE WHEN {number} > {expired} THEN 90000 ELSE -7200 END"
    filling = _FILL[backend].format(
        into=_INTO, n=number, rows=rows, time=f"{first}000 + {number}", expiry=expiry
    )
    drop(url, [ExpiringSession])
    config.create_tables()
    with config.get_engine().connect() as connection:
        if backend == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -1000000")
        connection.exec_driver_sql(filling)
        connection.exec_driver_sql(_SETTLE[backend])
        live = select(ExpiringSession.session_id).where(ExpiringSession.expires_at > now)
        found = connection.scalars(live.order_by(ExpiringSession.session_id).limit(_WATCHED)).all()
    config.dispose()
    return list(found)
