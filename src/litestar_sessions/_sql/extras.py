"""The columns beyond the four, which settings ask for."""

from __future__ import annotations

from litestar_sessions._sql.types import SESSION_ID_LENGTH

__all__ = ("EXTRAS", "INDEXED", "IP_ADDRESS_LENGTH", "USER_AGENT_LENGTH")

USER_AGENT_LENGTH = 512
IP_ADDRESS_LENGTH = 64
"""An IPv6 address in full with the name of its interface."""

_KEY = f"litestar_sessions.columns.SessionIDString(length={SESSION_ID_LENGTH})"
_TIME = "litestar_sessions.columns.UTCTimestamp()"

EXTRAS = {
    "owner": _KEY,
    "owner_bytes": "sa.LargeBinary().with_variant(mysql.LONGBLOB(), 'mysql', 'mariadb')",
    "signed_in_at": _TIME,
    "last_seen_at": _TIME,
    "user_agent": f"sa.String(length={USER_AGENT_LENGTH})",
    "ip_address": f"sa.String(length={IP_ADDRESS_LENGTH})",
    "lifetime": "sa.BigInteger()",
    "persistent": "sa.Boolean()",
    "former_session_id": _KEY,
    "rotated_at": _TIME,
    "rights_changed_at": _TIME,
}
"""The columns of `UserSessionMixin`, with their types as a migration names them."""

INDEXED = ("owner", "former_session_id")
