"""The types of the columns of a session table, as migrations name them.

Each holds the same value on every database that SQLAlchemy has a dialect for.
"""

from __future__ import annotations

from litestar_sessions._sql.types import SessionIDString, UTCTimestamp, UUIDKey

__all__ = ("SessionIDString", "UTCTimestamp", "UUIDKey")
