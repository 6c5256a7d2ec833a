"""URLs for tests that never connect, or only to memory, which comes first."""

from __future__ import annotations

from typing import Any

from litestar_sessions._drivers.engines import ASYNC, SYNC, EngineKind

DATABASES = ("sqlite", "postgresql", "mysql")

URLS = {
    ASYNC: ("sqlite+aiosqlite://", "postgresql+asyncpg://host/db", "mysql+asyncmy://host/db"),
    SYNC: ("sqlite://", "postgresql+psycopg2://host/db", "mysql+pymysql://host/db"),
}


def urls_of_the_other_kind(kind: EngineKind[Any]) -> tuple[str, ...]:
    return URLS[SYNC if kind is ASYNC else ASYNC]
