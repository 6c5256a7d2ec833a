"""What a database server says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Float, Integer, text

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Executable

    from litestar_sessions._sql.records import Reply

__all__ = ("ServerFacts", "ask_server", "server_facts")

_QUESTIONS = {
    "postgresql": """\
SELECT EXTRACT(EPOCH FROM clock_timestamp()),
CAST(current_setting('max_connections') AS INTEGER)""",
    "mysql": "SELECT UNIX_TIMESTAMP(SYSDATE(6)), @@max_connections",
}
"""Of each dialect that tells; a file has neither clock nor limit."""


@dataclass(frozen=True)
class ServerFacts:
    """Its clock, in seconds since 1970, and how many connections it takes; if it tells."""

    clock: float | None = None
    max_connections: int | None = None


def ask_server(dialect: Dialect) -> Executable | None:
    """Return what asks for them; ``None`` if this dialect does not tell."""
    question = _QUESTIONS.get("mysql" if dialect.name == "mariadb" else dialect.name)
    if question is None:
        return None
    return text(question).columns(clock=Float(), max_connections=Integer())


def server_facts(reply: Reply) -> ServerFacts:
    """Return what it says."""
    ((clock, connections),) = reply.rows
    return ServerFacts(float(clock), int(connections))
