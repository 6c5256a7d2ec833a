"""What of the sessions of an application needs attention."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy.pool import QueuePool

from litestar_sessions._drivers.views import view_of
from litestar_sessions._operations.keys import find_uses, problems_of
from litestar_sessions._sql.fitting import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar_sessions._operations.operator import Operator
    from litestar_sessions._sql.serving import ServerFacts
    from litestar_sessions.config import SQLAlchemySessionConfig

__all__ = ("find_problems", "forecast")

LARGEST_LAG = 5.0
"""By how many seconds two clocks may differ."""


def find_problems(operator: Operator) -> list[Problem]:
    """Return what needs attention, each with its remedy; nothing is changed."""
    found = operator.do(operator.storage.find_misfits)
    if found:
        return [*found, *_of_cookie(operator.config)]
    facts = operator.do(operator.storage.ask_server)
    return [
        *_of_clock(operator.config.clock().timestamp(), facts),
        *_of_round_trips(operator.config),
        *_of_pools(operator.config, facts),
        *_of_cookie(operator.config),
        *_of_keys(operator),
    ]


def forecast(operator: Operator) -> dict[str, Any]:
    """Return what the table would take at ten times its size, in bytes, if the database tells."""
    size = asdict(operator.do(operator.storage.measure_table))
    return {name: None if value is None else 10 * value for name, value in size.items()}


def _of_clock(own: float, facts: ServerFacts) -> Iterator[Problem]:
    lag = 0 if facts.clock is None else facts.clock - own
    if abs(lag) > LARGEST_LAG:
        yield Problem(
            f"The clock of the database is {lag:+.0f} seconds off that of the application, by "
            "which sessions expire",
            "Let both follow a time server: other machines may run the application too.",
        )


def _of_round_trips(config: SQLAlchemySessionConfig) -> Iterator[Problem]:
    engine: Any = config.engine
    base = getattr(engine, "sync_engine", engine)
    _, is_autocommit = view_of(base)
    if base.dialect.name != "sqlite" and not (
        is_autocommit and getattr(base.dialect, "skip_autocommit_rollback", False)
    ):
        yield Problem(
            "Statements take more than one round trip, since the engine of the application is used "
            "and is not in autocommit",
            "Leave out own_pool=False, or create the engine with isolation_level='AUTOCOMMIT' and "
            "skip_autocommit_rollback=True.",
        )


def _of_pools(config: SQLAlchemySessionConfig, facts: ServerFacts) -> Iterator[Problem]:
    settings = config.settings
    pools = {each.pool for each in (settings.engine, settings.patient_engine) if each is not None}
    size = sum(
        pool.size() + max(pool._max_overflow, 0)  # noqa: SLF001 - there is no public attribute
        for pool in pools
        if isinstance(pool, QueuePool)
    )
    if facts.max_connections is not None and size > facts.max_connections:
        yield Problem(
            f"One process may open {size} connections for sessions, and the database takes "
            f"{facts.max_connections} in all",
            "Set a lower pool_size=, or raise max_connections.",
        )


def _of_cookie(config: SQLAlchemySessionConfig) -> Iterator[Problem]:
    if not config.secure:
        yield Problem("The cookie is sent over HTTP too, where others can read it", "secure=True")
    if not config.httponly:
        yield Problem("Scripts in a page can read the cookie", "httponly=True")
    if config.samesite == "none":
        yield Problem("Other sites can send requests with the cookie", "samesite='lax'")
    if config.domain:
        yield Problem(f"Every host below {config.domain} gets the cookie", "Leave out domain=.")


def _of_keys(operator: Operator) -> Iterator[Problem]:
    config = operator.config
    uses = find_uses(operator)
    if not config.hash_session_ids:
        yield Problem("Whoever can read the table can use its sessions", "hash_session_ids=True")
        uses = [use for use in uses if use.of == "data"]
    yield from problems_of(uses, config)
