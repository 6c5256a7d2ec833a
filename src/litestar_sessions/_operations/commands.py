"""``litestar sessions ...``: what the plugin adds to Litestar's own commands."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.exc import SQLAlchemyError

from litestar_sessions._drivers.failures import describe
from litestar_sessions._operations.checking import count_others, find_problems, forecast
from litestar_sessions._operations.operator import Operator
from litestar_sessions._operations.output import Output, table_of
from litestar_sessions.config import SQLAlchemySessionConfig
from litestar_sessions.exceptions import ConfigurationError, SessionDamagedError, SessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Litestar

    Work = Callable[..., int]

__all__ = ("add_commands",)

DONE, ATTENTION = 0, 1
"""The exit codes; click's own for a wrong option is 2."""


def add_commands(cli: click.Group) -> None:
    """Add the commands to Litestar's group ``sessions``, beside those that it has."""
    group: Any = cli.commands["sessions"]
    for work, options in COMMANDS.items():
        callback = _callback(work)
        for option in (*options, *_FOR_ALL):
            callback = option(callback)
        group.command(work.__name__.replace("_", "-"), help=work.__doc__)(callback)


def _callback(work: Work) -> Callable[..., None]:
    def run(app: Litestar, cookie: str | None, *, as_json: bool, **options: Any) -> None:
        output = Output(as_json=as_json)
        try:
            with Operator(_config_of(app, cookie)) as operator:
                code = work(operator, output, **options)
        except SessionError as error:
            output.fail(str(error))
            code = ATTENTION
        except (SQLAlchemyError, OSError) as error:
            # The texts of some quote what a statement was given.
            output.fail(f"The session database does not answer: {describe(error)}")
            code = ATTENTION
        sys.exit(code)

    return run


def _config_of(app: Litestar, cookie: str | None) -> SQLAlchemySessionConfig:
    """Return the config of the application's plugin; of several, that of a cookie.

    Raises:
        ConfigurationError: There is none, or more than one.
    """
    found = (getattr(plugin, "config", None) for plugin in app.plugins)
    configs = {_name(each): each for each in found if isinstance(each, SQLAlchemySessionConfig)}
    if cookie is None and len(configs) == 1:
        return next(iter(configs.values()))
    if cookie not in configs:
        names = " or ".join(sorted(configs))
        raise ConfigurationError(
            f"Say whose sessions, by the name of their cookie: --cookie {names}.",
        )
    return configs[cookie]


def _name(config: SQLAlchemySessionConfig) -> str:
    """Return the name of the cookie, with its path if it has one: two may have the same name."""
    return config.key + config.path.rstrip("/")


_FOR_ALL = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--cookie", help="The name of the cookie, if there are several plugins."),
)


def purge(operator: Operator, output: Output, batch_size: int) -> int:
    """Delete expired sessions, batch by batch."""
    operator.prepare()
    counts = operator.do(operator.storage.count)
    with output.progress("Deleting", counts.expired) as note:
        options = {"batch_size": batch_size, "on_batch": note}
        deleted = operator.do(operator.storage.delete_expired, **options)
    output.answer({"deleted": deleted}, f"{deleted} expired sessions were deleted.")
    return DONE


def stats(operator: Operator, output: Output) -> int:
    """Count and measure sessions; that reads the whole table."""
    operator.prepare()
    storage = operator.storage
    lifetime = timedelta(seconds=operator.config.max_age)
    counts = operator.do(storage.count, lifetime=lifetime)
    data, size = operator.do(storage.measure_data), operator.do(storage.measure_table)
    values = {**asdict(counts), "data_bytes": asdict(data), "table_bytes": asdict(size)}
    output.answer(values, table_of(values))
    return DONE


def check(operator: Operator, output: Output) -> int:
    """Say what needs attention, and how to mend it; nothing is changed."""
    problems = find_problems(operator)
    values = {
        "problems": [problem._asdict() for problem in problems],
        "bytes_at_ten_times_the_size": forecast(operator),
    }
    shown = [f"{problem.what}.\n  {problem.remedy}" for problem in problems]
    output.answer(values, "\n".join(shown) or "Nothing needs attention.")
    return ATTENTION if problems else DONE


def take_over(operator: Operator, output: Output) -> int:
    """Turn plain session IDs of the table into digests, while the application runs."""
    operator.prepare()
    with output.progress("Taking over", count_others(operator)) as note:
        taken = operator.do(operator.storage.take_over, on_batch=note)
    left = count_others(operator)
    remedy = "Run it again, or wait until they expire." if left else "take_over= may go."
    text = f"{taken} sessions were taken over, {left} are left. {remedy}"
    output.answer({"taken_over": taken, "left": left}, text)
    return ATTENTION if left else DONE


def end(
    operator: Operator, output: Output, session_id: str | None, *, ends_all: bool, is_sure: bool
) -> int:
    """End a session, or all of them: their visitors are signed out."""
    if (session_id is None) is not ends_all:
        raise click.UsageError("Say which sessions to end: either --id or --all.")
    if ends_all and not is_sure:
        if output.as_json:
            raise click.UsageError("With --json nobody is asked: add --yes.")
        click.confirm("End all sessions, so that every visitor is signed out?", abort=True)
    operator.prepare()
    if session_id is None:
        ended = operator.do(operator.storage.delete_all)
    else:
        ended = _end_one(
            operator, sys.stdin.readline().strip() if session_id == "-" else session_id
        )
    output.answer({"ended": ended}, f"{ended} sessions were ended.")
    return DONE if ended or ends_all else ATTENTION


def _end_one(operator: Operator, session_id: str) -> int:
    try:
        count = len(operator.do(operator.storage.load_many, [session_id]))
    except SessionDamagedError:
        count = 1
    operator.do(operator.storage.delete, session_id)
    return count


COMMANDS: dict[Work, tuple[Any, ...]] = {
    stats: (),
    check: (),
    take_over: (),
    purge: (
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            default=4_000,
            show_default=True,
            help="How many to delete at once, at most.",
        ),
    ),
    end: (
        click.option("--id", "session_id", help="The session ID; - reads it from standard input."),
        click.option("--all", "ends_all", is_flag=True, help="End every session."),
        click.option("--yes", "is_sure", is_flag=True, help="Do not ask."),
    ),
}
"""What does the work of each command, by which it is named, and its options."""
