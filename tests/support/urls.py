"""URLs for tests that never connect, or only to memory, which comes first."""

from __future__ import annotations

ASYNC_URLS = ("sqlite+aiosqlite://", "postgresql+asyncpg://host/db", "mysql+asyncmy://host/db")
SYNC_URLS = ("sqlite://", "mysql+pymysql://host/db", "mysql://host/db")
