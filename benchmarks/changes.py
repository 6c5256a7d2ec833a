"""What a change of a session writes on PostgreSQL: its log, and whether indexes are spared."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from time import sleep
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from benchmarks.places import grid
from benchmarks.reporting import Report
from benchmarks.settings import Settings
from benchmarks.tables import drop, model_here, owned_model
from litestar_sessions import SQLAlchemySyncConfig, SyncSessionStorage
from litestar_sessions._sql.keys import make_keys

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from benchmarks.places import Load, Place
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("DEFAULTS", "main")

DEFAULTS = Settings(
    driver=("sync postgresql+psycopg",),
    concurrency=(1,),
    rows=(20_000,),
    payload=(200,),
    operations=100_000,
)
COLUMNS = {"driver": 26, "table": 22, "rows": 10, "log_bytes": 9, "heap_only": 9}
_LOG = text("SELECT pg_current_wal_insert_lsn() - '0/0'")
_STATISTICS = text(
    "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = :table"
)


def main(settings: Settings, servers: Servers) -> Results:
    """Measure a table without owners, and one with; shown is what one change writes."""
    report = Report(COLUMNS)
    for place, load in grid(settings, servers):
        for model in (model_here(load.table), owned_model(load.owned_table)):
            try:
                _add(report, place, load, model, settings.operations)
            finally:
                drop(place.url, [model])
    return report.results


def _add(report: Report, place: Place, load: Load, model: type[Any], changes: int) -> None:
    config = SQLAlchemySyncConfig(place.url)
    keys = make_keys(hash_ids=True, secrets=(), take_over=None)
    storage = SyncSessionStorage(config.get_engine(), model, keys=keys)
    storage.create_table()
    chance = Random(0)  # noqa: S311 - no secret
    later = datetime.now(timezone.utc) + timedelta(days=1)
    sessions = {f"{number:064x}": chance.randbytes(load.payload) for number in range(load.rows)}
    for session_id, data in sessions.items():
        storage.create(session_id, data, later)
    admin = create_engine(place.url, isolation_level="AUTOCOMMIT")
    name = model.__tablename__
    _settle(admin, name)
    before = _log_of(admin)
    for session_id in chance.choices(list(sessions), k=changes):
        data = chance.randbytes(load.payload)
        assert storage.update(session_id, data, None, expected=sessions[session_id])
        sessions[session_id] = data
    log = _log_of(admin) - before
    config.get_engine().dispose()  # whose connections say what they have done when they end
    heap_only = _heap_only(admin, name, changes)
    admin.dispose()
    report.add(
        driver=place.driver,
        table="with owners" if "owned" in name else "without owners",
        rows=load.rows,
        log_bytes=log / changes,
        heap_only=heap_only / changes,
    )


def _settle(admin: Engine, table: str) -> None:
    """Have what went before written, so that no page is logged whole because of it."""
    with admin.connect() as connection:
        connection.execute(text(f"VACUUM ANALYZE {table}"))
        connection.execute(text("CHECKPOINT"))


def _log_of(admin: Engine) -> int:
    """Return how much log was ever written, in bytes."""
    with admin.connect() as connection:
        return int(connection.execute(_LOG).scalar_one())


def _heap_only(admin: Engine, table: str, changes: int) -> int:
    """Return how many of so many changes were heap-only, once the statistics know all of them."""
    with admin.connect() as connection:
        while True:
            connection.execute(text("SELECT pg_stat_clear_snapshot()"))
            updates, heap_only = connection.execute(_STATISTICS, {"table": table}).one()
            if updates >= changes:
                return int(heap_only)
            sleep(0.05)
