"""How many sessions are under which secret, and how their IDs are spelled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, String, bindparam, case, func, literal, null, select

from litestar_sessions._sql.keys import DIGESTS, KEY_ID_LENGTH
from litestar_sessions._sql.sealed import HEAD, KEY_ID
from litestar_sessions._sql.table import bind_type
from litestar_sessions._sql.types import SESSION_ID_LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Dialect, Select

    from litestar_sessions._sql.records import Reply
    from litestar_sessions._sql.table import SessionTable

__all__ = ("UNENCRYPTED", "KeyCounts", "count_keys", "key_counts")

UNENCRYPTED = "unencrypted"
_LOOK_INTO_DATA = {"sqlite", "postgresql", "mysql", "mariadb"}
"""Those of which it is known how they take bytes out of bytes."""
_SUBSTRING = {"firebird", "firebird.firebird", "mssql"}
"""Those that have no ``substr``."""


@dataclass(frozen=True)
class KeyCounts:
    """How many live sessions are under which secret, each by a name that is no secret."""

    ids: Mapping[str, int]
    """By how their IDs are spelled: ``plain``, ``sha256``, or ``hmac-sha256`` and which secret."""
    data: Mapping[str, int]
    """By the secret with which their data is encrypted; ``unencrypted`` is one of the names.

    Empty where the database does not look into data.
    """


def count_keys(sessions: SessionTable, dialect: Dialect) -> Select[Any]:
    """Return what counts live sessions, in one reading of the table."""
    spelling = _spelling(sessions.session_id, dialect).label("spelling")
    looks_into_data = dialect.name in _LOOK_INTO_DATA
    data_key = (_data_key(sessions.data) if looks_into_data else null()).label("data_key")
    is_live = sessions.expires_at > bindparam("s_now", type_=bind_type(sessions.expires_at))
    each = select(spelling, data_key).where(is_live).subquery("each")
    return select(*each.c, func.count()).group_by(*each.c)


def _spelling(key: ColumnElement[str], dialect: Dialect) -> ColumnElement[str]:
    """Return what stands before a digest; of keyed ones with what their secret is called."""
    part = func.substring if dialect.name in _SUBSTRING else func.substr
    text = String(SESSION_ID_LENGTH)
    digest, keyed = DIGESTS
    until = len(keyed) + KEY_ID_LENGTH
    is_keyed = part(key, 1, len(keyed), type_=text) == keyed
    is_named = is_keyed & (part(key, until + 1, 1, type_=text) == ":")
    return case(
        (is_named, part(key, 1, until, type_=text)),
        (is_keyed, literal(keyed[:-1], text)),
        (part(key, 1, len(digest), type_=text) == digest, literal(digest[:-1], text)),
        else_=literal("plain", text),
    )


def _data_key(data: ColumnElement[bytes]) -> ColumnElement[bytes]:
    head = literal(HEAD, LargeBinary)
    key_id = func.substr(data, len(HEAD) + 2, KEY_ID, type_=LargeBinary)
    is_sealed = func.substr(data, 1, len(HEAD), type_=LargeBinary) == head
    return case((is_sealed, key_id), else_=literal(b"", LargeBinary))


def key_counts(reply: Reply) -> KeyCounts:
    """Return what the database has counted."""
    ids: Counter[str] = Counter()
    data: Counter[str] = Counter()
    for spelling, key_id, count in reply.rows:
        ids[spelling] += int(count)
        if key_id is not None:
            data[bytes(key_id).hex() or UNENCRYPTED] += int(count)
    return KeyCounts(ids, data)
