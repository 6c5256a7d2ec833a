"""The settings of a config as keywords, so that editors complete them and checkers know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from litestar.connection import ASGIConnection
    from litestar.types import Scopes

    from litestar_sessions._requests.policy import OnConflict
    from litestar_sessions._requests.session_events import SessionListener
    from litestar_sessions._requests.watching import SessionTelemetry

__all__ = ("SessionKeywords",)


class SessionKeywords(TypedDict, total=False):
    """Every setting of `SQLAlchemySessionConfig` but its engine; what each means is said there."""

    session_id_bytes: int
    renew_on_access: bool
    key: str
    max_age: int
    scopes: Scopes
    path: str
    domain: str | None
    secure: bool
    httponly: bool
    samesite: Literal["lax", "strict", "none"]
    exclude: str | list[str] | None
    exclude_opt_key: str
    store: str
    model: type[Any]
    renewal_interval: float | None
    absolute_timeout: int | None
    persistent: bool
    partitioned: bool
    on_conflict: OnConflict
    owner: str | Callable[[dict[str, Any]], str | None] | None
    max_sessions_per_owner: int | None
    record_client: bool | Callable[[ASGIConnection[Any, Any, Any, Any]], str | None]
    rotation_interval: float | None
    rotation_grace: float
    max_data_size: int | None
    listeners: Sequence[SessionListener]
    telemetry: bool | SessionTelemetry
    hash_session_ids: bool
    session_id_keys: Sequence[bytes | str]
    data_keys: Sequence[bytes | str]
    read_unencrypted: bool
    take_over: Literal["plain", "sha256", "hmac-sha256"] | None
    create_table: bool
    own_pool: bool
    database_timeout: float
    shared_reads: bool
    clock: Callable[[], datetime]
