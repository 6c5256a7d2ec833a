"""How a database is asked whether data is still what was loaded: by the data, or its digest."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, String, bindparam, func, literal_column

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.elements import ColumnElement

    from litestar_sessions._sql.table import SessionTable

__all__ = ("DIGESTED_FROM", "digest_of", "has_data", "has_digest")

DIGESTED_FROM = 65_536
"""From how many bytes on a digest is compared.

An update carries the new data then and not the former data too, which together may be more than
MySQL and MariaDB take (``max_allowed_packet``).
"""

_MYSQL = {"mysql", "mariadb"}
_POSTGRESQL_WITH_SHA256 = (11,)


def has_data(sessions: SessionTable, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that the data is ``s_expected``."""
    expected = bindparam("s_expected", type_=sessions.data.type)
    if dialect.name == "oracle":  # which compares no BLOBs with "="
        compared: ColumnElement[bool] = func.dbms_lob.compare(sessions.data, expected) == 0
        return compared
    return sessions.data == expected


def has_digest(sessions: SessionTable, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition that it has the digest ``s_digest``; ``None`` if the dialect has none.

    SQLite has none, and nothing to send either. The version of a server is known once it was asked
    anything.
    """
    if dialect.name in _MYSQL:
        digest: ColumnElement[str] = func.sha2(sessions.data, literal_column("256"), type_=String())
        return digest == bindparam("s_digest", type_=String())
    version = getattr(dialect, "server_version_info", None) or _POSTGRESQL_WITH_SHA256
    if dialect.name == "postgresql" and version >= _POSTGRESQL_WITH_SHA256:
        digest_bytes: ColumnElement[bytes] = func.sha256(sessions.data, type_=LargeBinary())
        return digest_bytes == bindparam("s_digest", type_=LargeBinary())
    return None


def digest_of(data: bytes, dialect: Dialect) -> Any:
    """Return the digest as the dialect spells it."""
    digest = sha256(data)
    return digest.hexdigest() if dialect.name in _MYSQL else digest.digest()
