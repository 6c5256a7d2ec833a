"""The tables of a benchmark, and how they are filled."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from advanced_alchemy.extensions.litestar.session import SessionModelMixin as TheirMixin
from sqlalchemy import create_engine, event, text

from litestar_sessions import SessionModelMixin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import URL, Engine

__all__ = (
    "PER_OWNER",
    "SYNC_DRIVERS",
    "data_of",
    "drop",
    "fill",
    "model_here",
    "model_there",
    "owned_model",
    "owners_of",
    "session_id_of",
)

SYNC_DRIVERS = {
    "sqlite+aiosqlite": "sqlite+pysqlite",
    "postgresql+asyncpg": "postgresql+psycopg",
    "mysql+asyncmy": "mysql+pymysql",
}

# Keys are UUIDv7 that grow with the number; sessions end at random within two weeks from tomorrow.
_ROWS = {
    "postgresql": """
        SELECT (lpad(to_hex(1750000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3)
                || '8' || substr(md5(n::text), 4, 15))::uuid,
            encode(sha256(n::text::bytea), 'hex'), :data,
            CAST(:start AS timestamptz) + interval '1 second' * (n::bigint * 7919 % 1209600){more}
        FROM generate_series(0, :rows - 1) n""",
    "mysql": """
        SELECT UNHEX(CONCAT(LPAD(HEX(1750000000000 + seq), 12, '0'), '7', SUBSTR(MD5(seq), 1, 3),
                '8', SUBSTR(MD5(seq), 4, 15))),
            SHA2(seq, 256), :data, :start + INTERVAL (seq * 7919 % 1209600) SECOND{more}
        FROM seq_0_to_{last}""",
    "sqlite": """
        WITH RECURSIVE numbers(n) AS
            (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows - 1)
        SELECT unhex(printf('%012x', 1750000000000 + n) || '7' || substr(digest(n), 1, 3) || '8'
                || substr(digest(n), 4, 15)),
            digest(n), :data, strftime('%Y-%m-%d %H:%M:%f000', :start,
                (n * 7919 % 1209600) || ' seconds'){more}
        FROM numbers""",
}

# The sessions of an owner are far from each other, and each was signed in at another time.
_OWNED = {
    "postgresql": """,
            'owner' || n % :owners, CAST(:start AS timestamptz) - interval '1 second' * n""",
    "mysql": """,
            CONCAT('owner', seq % :owners), :start - INTERVAL seq SECOND""",
    "sqlite": """,
            'owner' || (n % :owners),
            strftime('%Y-%m-%d %H:%M:%f000', :start, -n || ' seconds')""",
}
PER_OWNER = 10
"""How many sessions an owner has."""


def owners_of(rows: int) -> list[str]:
    """Return the owners of so many sessions."""
    return [f"owner{number}" for number in range(max(1, rows // PER_OWNER))]


def session_id_of(number: int) -> str:
    """Return the ID of a row: random in order, and as long as Litestar's."""
    return hashlib.sha256(str(number).encode()).hexdigest()


@cache
def data_of(size: int) -> bytes:
    """Return session data, which compresses as badly as text does."""
    return Random(0).randbytes(size // 2 + 1).hex().encode()[:size]  # noqa: S311 - no secret


@cache
def model_here(name: str) -> type[SessionModelMixin]:
    """Return a model of this package."""
    return type(name, (SessionModelMixin,), {"__tablename__": name})


@cache
def owned_model(name: str) -> type[SessionModelMixin]:
    """Return a model of this package whose sessions have owners."""
    from litestar_sessions import UserSessionMixin  # noqa: PLC0415 - revisions of before have none

    return type(name, (UserSessionMixin, SessionModelMixin), {"__tablename__": name})


@cache
def model_there(name: str) -> type[TheirMixin]:
    """Return a model of Advanced Alchemy."""
    return type(name, (TheirMixin,), {"__tablename__": name})


def fill(url: URL, model: type[Any], rows: int, payload: int) -> None:
    """Create the table of a model anew, with so many live sessions."""
    backend = url.get_backend_name()
    engine = _engine(url)
    table = model.__table__
    start = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None) + timedelta(days=1)
    values = {"data": data_of(payload), "start": _spelled(start, backend), "rows": rows}
    columns, more = "id, session_id, data, expires_at", ""
    if "owner" in table.c:
        columns, more = f"{columns}, owner, signed_in_at", _OWNED[backend]
        values["owners"] = len(owners_of(rows))
    select = _ROWS[backend].format(last=rows - 1, more=more)
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        if rows:
            connection.execute(text(f"INSERT INTO {table.name} ({columns}) {select}"), values)
    if backend == "postgresql":
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text(f"VACUUM (ANALYZE) {table.name}"))
    engine.dispose()


def drop(url: URL, models: Iterable[type[Any]]) -> None:
    """Remove the tables of models, if they are there."""
    engine = _engine(url)
    for model in models:
        model.__table__.drop(engine, checkfirst=True)
    engine.dispose()


def _engine(url: URL) -> Engine:
    engine = create_engine(url.set(drivername=SYNC_DRIVERS.get(url.drivername, url.drivername)))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _bring_functions)
    return engine


def _bring_functions(connection: Any, _record: object) -> None:
    connection.create_function("digest", 1, session_id_of, deterministic=True)
    connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)


def _spelled(moment: datetime, backend: str) -> datetime | str:
    if backend == "sqlite":
        return moment.isoformat(" ")
    return moment.replace(tzinfo=timezone.utc) if backend == "postgresql" else moment
