"""The commands that show and end sessions of visitors."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from litestar_sessions._operations.output import ATTENTION, DONE, table_of_rows
from litestar_sessions.exceptions import ConfigurationError, SessionDamagedError

if TYPE_CHECKING:
    from litestar_sessions._operations.operator import Operator
    from litestar_sessions._operations.output import Output

__all__ = ("end", "list_owned")

_SHOWN = ("id", "signed_in_at", "last_seen_at", "expires_at", "user_agent", "ip_address")


def list_owned(operator: Operator, output: Output, owner: str, limit: int) -> int:
    """Show the live sessions of an owner, those first that were signed in last."""
    _check_owners(operator)
    operator.prepare()
    policy, clock = operator.config.policy, operator.config.clock
    infos = operator.do(operator.storage.list_owned, owner, limit=limit)
    rows = [_told(asdict(info)) for info in policy.not_over(clock(), infos)]
    output.answer({"sessions": rows}, table_of_rows(rows))
    return DONE


def _told(info: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if info[name] is None else str(info[name]) for name in _SHOWN}


def _check_owners(operator: Operator) -> None:
    """Refuse to look for owners where none are written.

    Raises:
        ConfigurationError: The config has no owners.
    """
    if operator.config.settings.owners is None:
        raise ConfigurationError(
            "These sessions have no owners: set owner='user_id', say, to the key of the session "
            "that tells whose it is.",
        )


def end(  # noqa: PLR0913 - the options of a command, each by its name
    operator: Operator,
    output: Output,
    session_id: str | None,
    owner: str | None,
    *,
    ends_all: bool,
    is_sure: bool,
) -> int:
    """End a session, those of an owner, or all of them: their visitors are signed out."""
    if [session_id is not None, owner is not None, ends_all].count(True) != 1:
        raise click.UsageError("Say which sessions to end: either --id, --owner or --all.")
    if ends_all and not is_sure:
        if output.as_json:
            raise click.UsageError("With --json nobody is asked: add --yes.")
        click.confirm("End all sessions, so that every visitor is signed out?", abort=True)
    if owner is not None:
        _check_owners(operator)
    operator.prepare()
    ended = _end(operator, session_id, owner)
    operator.tell_ended(ended, "administrator", owner)
    output.answer({"ended": ended}, f"{ended} sessions were ended.")
    return DONE if ended or session_id is None else ATTENTION


def _end(operator: Operator, session_id: str | None, owner: str | None) -> int:
    if owner is not None:
        return int(operator.do(operator.storage.end_owned, owner))
    if session_id is None:
        return int(operator.do(operator.storage.delete_all))
    return _end_one(operator, sys.stdin.readline().strip() if session_id == "-" else session_id)


def _end_one(operator: Operator, session_id: str) -> int:
    try:
        count = len(operator.do(operator.storage.load_many, [session_id]))
    except SessionDamagedError:
        count = 1
    operator.do(operator.storage.delete, session_id)
    return count
