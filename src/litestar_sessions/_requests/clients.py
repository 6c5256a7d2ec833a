"""Where a request came from, as far as the application wants that to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar.connection import ASGIConnection

from litestar_sessions._sql.requirements import require_extras
from litestar_sessions._sql.table import SessionTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import Scope

    from litestar_sessions._sql.details import SessionDetails

__all__ = ("ClientRecorder", "make_recorder")


@dataclass(frozen=True)
class ClientRecorder:
    """Finds user agent and IP address; each is cut to the length of its column."""

    find_address: Callable[[ASGIConnection[Any, Any, Any, Any]], Any] | None
    agent_length: int | None
    address_length: int | None

    def details(self, scope: Scope) -> SessionDetails:
        """Return what is written of the client of a connection."""
        agents = [value for name, value in scope["headers"] if name == b"user-agent"]
        agent = agents[0].decode("latin-1") if agents else None
        if self.find_address is not None:
            address = self.find_address(ASGIConnection(scope))
        else:
            address = (scope.get("client") or (None,))[0]
        return {
            "user_agent": _cut(agent, self.agent_length),
            "ip_address": _cut(address, self.address_length),
        }


def _cut(value: Any, length: int | None) -> str | None:
    """Return what every database takes: few characters, and none beyond printable ASCII."""
    if value is None:
        return None
    text = str(value)[:length].encode("ascii", "replace").decode()
    return "".join(character if character.isprintable() else "?" for character in text)


def make_recorder(model: type[Any], record_client: Any) -> ClientRecorder | None:
    """Return what the setting asks for.

    Raises:
        ConfigurationError: The model lacks columns.
    """
    if record_client is False:
        return None
    sessions = SessionTable(model)
    require_extras(sessions, "record_client", "user_agent", "ip_address")
    lengths = [
        getattr(sessions.extras[name].type, "length", None) for name in ("user_agent", "ip_address")
    ]
    return ClientRecorder(None if record_client is True else record_client, *lengths)
