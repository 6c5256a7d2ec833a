"""What a row says of a session beyond its data: whose it is, since when, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

from litestar_sessions._sql.keys import encoded, plain
from litestar_sessions._sql.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

__all__ = (
    "EXPECTED",
    "FORMER",
    "SessionDetails",
    "columns_named",
    "columns_of",
    "details_of",
    "expected_of",
    "names_of",
    "owner_key",
    "remembers_former",
)

EXPECTED = {"lifetime_was": "lifetime", "persistent_was": "persistent"}
"""The columns of the details that a row has to have, or it is not changed."""

FORMER = ("former_session_id", "rotated_at", "rights_changed_at")
"""The columns for a former session ID."""

_TIMES = {"signed_in_at", "last_seen_at", "rotated_at", "rights_changed_at"}


class SessionDetails(TypedDict, total=False):
    """Details of a session; each has a column, or two, of `UserSessionMixin`."""

    owner: str | None
    signed_in_at: datetime | None
    last_seen_at: datetime | None
    user_agent: str | None
    ip_address: str | None
    lifetime: int | None
    persistent: bool | None
    former_session_id: str | None
    """The key that the row had before it was rotated."""
    rotated_at: datetime | None
    rights_changed_at: datetime | None
    lifetime_was: int | None
    """What the row has to say, or it is not changed; so is the next one."""
    persistent_was: bool | None


def owner_key(owner: str) -> str:
    """Return what the column ``owner`` holds: like a session ID that is not hashed."""
    return plain(owner)


def columns_of(details: SessionDetails | None) -> dict[str, Any]:
    """Return the values of the columns, by the names of these."""
    if not details:
        return {}
    columns: dict[str, Any] = {**details}
    if "owner" in details:
        owner = details["owner"]
        key = None if owner is None else owner_key(owner)
        columns["owner"] = key
        columns["owner_bytes"] = None if owner is None or key == owner else encoded(owner)
    return columns


def remembers_former(details: SessionDetails | None) -> bool:
    """Tell whether who has the session ID of before is to have the session still.

    It is not so if rights have changed at that moment: then it is remembered whose request is late.
    """
    if not details or details.get("former_session_id") is None:
        return False
    return details.get("rights_changed_at") != details.get("rotated_at")


def expected_of(details: SessionDetails | None) -> SessionDetails:
    """Return what is written with an expiry that was reckoned with these details."""
    known: SessionDetails = details or {}
    return {"lifetime_was": known.get("lifetime"), "persistent_was": known.get("persistent")}


def columns_named(names: Iterable[str]) -> list[str]:
    """Return the names of the columns that these are the parameters for."""
    return [EXPECTED.get(name, name) for name in names]


def names_of(details: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the columns that hold details of these names."""
    names = (("owner", "owner_bytes") if name == "owner" else (name,) for name in details)
    return tuple(name for each in names for name in each)


def details_of(names: Sequence[str], values: Sequence[Any]) -> SessionDetails:
    """Return the details that columns of these names hold."""
    found: dict[str, Any] = {
        name: as_utc(value) if name in _TIMES and value is not None else value
        for name, value in zip(names, values, strict=True)
    }
    whole = found.pop("owner_bytes", None)
    if whole is not None:
        found["owner"] = bytes(whole).decode("utf-8", "surrogatepass")
    return cast("SessionDetails", found)
