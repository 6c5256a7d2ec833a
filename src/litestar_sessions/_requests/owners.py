"""Whose a session is: decided by its data, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import SessionTable
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("Owners", "as_owner", "make_owners")


@dataclass(frozen=True)
class Owners:
    """How the owner of a session is found, and how many sessions one may have."""

    key: str | Callable[[dict[str, Any]], Any]
    """A key of the session, or what returns the owner of one."""
    most: int | None = None

    def of(self, session: Mapping[str, Any]) -> str | None:
        """Return the owner of a session as storage has it; ``None`` if it is nobody's.

        Raises:
            TypeError: What should be the owner is no string.
        """
        if isinstance(self.key, str):
            return as_owner(session.get(self.key))
        return as_owner(self.key(dict(session)))


def as_owner(value: Any) -> str | None:
    """Return a string that stands for the value, as it does in the JSON of a session.

    Raises:
        TypeError: It is neither a string nor a whole number nor a UUID.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        return str(value)
    raise TypeError(
        f"The owner of a session is a string, a whole number or a UUID, and not of type "
        f"{type(value).__name__}: let owner= name a key with one, or return one.",
    )


def make_owners(model: type[Any], owner: Any, most: int | None) -> Owners | None:
    """Return the rules that settings ask for; ``None`` if sessions have no owners.

    Raises:
        ConfigurationError: The model lacks columns, or settings contradict each other.
    """
    if owner is None:
        if most is not None:
            raise ConfigurationError(
                f"max_sessions_per_owner={most} needs owners: set owner='user_id', say, to the key "
                "of the session that tells whose it is.",
            )
        return None
    if most is not None and most < 1:
        raise ConfigurationError(
            f"max_sessions_per_owner={most} lets nobody sign in: choose at least 1, or leave it "
            "out.",
        )
    shown = f"owner={owner!r}" if isinstance(owner, str) else "owner="
    require_extras(SessionTable(model), shown, "owner", "owner_bytes", "signed_in_at")
    return Owners(owner, most)
