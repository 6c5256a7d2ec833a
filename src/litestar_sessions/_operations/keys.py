"""Which secrets sessions need, and how their IDs are spelled."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Literal, NamedTuple

from litestar_sessions._operations.output import ATTENTION, DONE, table_of_rows
from litestar_sessions._sql.fitting import Problem
from litestar_sessions._sql.key_counts import UNENCRYPTED
from litestar_sessions._sql.keys import MIN_SECRET_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from litestar_sessions._operations.operator import Operator
    from litestar_sessions._operations.output import Output
    from litestar_sessions._sql.keys import SessionKeys
    from litestar_sessions.config import SQLAlchemySessionConfig

__all__ = ("count_plain", "find_uses", "keys", "problems_of")


class KeyUse(NamedTuple):
    """How many live sessions need a secret, or a way in which IDs are spelled."""

    of: Literal["session IDs", "data"]
    key: str
    """What it is called, which tells nothing of the secret."""
    status: Literal["current", "read too", "unknown"]
    """What the settings make of it."""
    sessions: int


def keys(operator: Operator, output: Output, *, makes_one: bool) -> int:
    """Count the sessions that need each secret, or make a new one."""
    if makes_one:
        secret = token_hex(MIN_SECRET_BYTES)
        output.answer({"secret": secret}, secret)
        return DONE
    operator.prepare()
    uses = find_uses(operator)
    rows = [{**use._asdict(), "sessions": f"{use.sessions:,}"} for use in uses]
    output.answer({"keys": [use._asdict() for use in uses]}, table_of_rows(rows))
    return ATTENTION if any(use.status == "unknown" for use in uses) else DONE


def find_uses(operator: Operator) -> list[KeyUse]:
    """Return what the settings know, also if no session needs it, and what sessions need beyond."""
    config, counts = operator.config, operator.do(operator.storage.count_keys)
    return [
        *_uses("session IDs", config.keys.names, counts.ids),
        *_uses("data", _data_keys_of(config), counts.data),
    ]


def _uses(
    of: Literal["session IDs", "data"], known: Sequence[str], counts: Mapping[str, int]
) -> Iterator[KeyUse]:
    for name in known:
        yield KeyUse(of, name, "current" if name == known[0] else "read too", counts.get(name, 0))
    for name in sorted(counts.keys() - set(known)):
        yield KeyUse(of, name, "unknown", counts[name])


def _data_keys_of(config: SQLAlchemySessionConfig) -> list[str]:
    if config.seals is None:
        return [UNENCRYPTED]
    names = [key_id.hex() for key_id in config.seals.key_ids]
    return [*names, UNENCRYPTED] if config.read_unencrypted else names


def count_plain(operator: Operator) -> int:
    """Return how many live sessions have IDs that stand in the table as they are."""
    count: int = operator.do(operator.storage.count_keys).ids.get("plain", 0)
    return count


def problems_of(uses: Sequence[KeyUse], config: SQLAlchemySessionConfig) -> Iterator[Problem]:
    """Return what of them needs attention."""
    for use in uses:
        if use.status == "unknown" and use.of == "data":
            what = f"{use.sessions} live sessions have data that cannot be read"
            yield Problem(what, _remedy_for_data(use.key))
        elif use.status == "unknown":
            what = f"{use.sessions} live sessions have IDs that are not found"
            yield Problem(what, _remedy_for_ids(use.key))
        elif use.key == "plain" and use.sessions and use.status == "read too":
            what = f"{use.sessions} live sessions have IDs of before"
            yield Problem(what, "Run litestar sessions take-over.")
    if config.take_over is not None and not _left(uses, _former(config.keys)):
        yield Problem("There is nothing left to take over", "Leave out take_over=.")
    if config.read_unencrypted and not _left(uses, {UNENCRYPTED}):
        yield Problem("The data of every session is encrypted", "Leave out read_unencrypted=.")


def _former(spellings: SessionKeys) -> set[str]:
    """Return those that are found because of ``take_over=``."""
    return {name for name in spellings.names[1:] if ":" not in name}


def _left(uses: Sequence[KeyUse], names: set[str]) -> int:
    return sum(use.sessions for use in uses if use.key in names)


def _remedy_for_ids(name: str) -> str:
    if ":" not in name:
        return f"take_over={name!r}"
    return f"Hand in the secret of {name} in session_id_keys=, or wait until they expire."


def _remedy_for_data(name: str) -> str:
    if name == UNENCRYPTED:
        return "read_unencrypted=True, if they are from before"
    return f"Hand in the secret that is called {name} in data_keys=, or wait until they expire."
