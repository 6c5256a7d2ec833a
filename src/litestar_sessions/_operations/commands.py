"""``litestar sessions ...``: what the plugin adds to Litestar's own commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.exc import SQLAlchemyError

from litestar_sessions._drivers.failures import describe
from litestar_sessions._operations.ending import end, list_owned
from litestar_sessions._operations.keys import keys
from litestar_sessions._operations.operator import Operator
from litestar_sessions._operations.output import ATTENTION, Output
from litestar_sessions._operations.tables import check, purge, stats, take_over
from litestar_sessions.config import SQLAlchemySessionConfig
from litestar_sessions.exceptions import ConfigurationError, SessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Litestar

    Work = Callable[..., int]

__all__ = ("add_commands",)


def add_commands(cli: click.Group) -> None:
    """Add the commands to Litestar's group ``sessions``, beside those that it has."""
    group: Any = cli.commands["sessions"]
    for name, (work, *options) in COMMANDS.items():
        callback = _callback(work)
        for option in (*options, *_FOR_ALL):
            callback = option(callback)
        group.command(name, help=work.__doc__)(callback)


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


COMMANDS: dict[str, tuple[Any, ...]] = {
    "stats": (stats,),
    "check": (check,),
    "take-over": (take_over,),
    "keys": (
        keys,
        click.option("--new", "makes_one", is_flag=True, help="Make a secret, and count nothing."),
    ),
    "purge": (
        purge,
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            default=4_000,
            show_default=True,
            help="How many to delete at once, at most.",
        ),
    ),
    "list": (
        list_owned,
        click.option("--owner", required=True, help="Whose sessions."),
        click.option(
            "--limit",
            type=click.IntRange(min=1),
            default=100,
            show_default=True,
            help="How many, at most.",
        ),
    ),
    "end": (
        end,
        click.option("--id", "session_id", help="The session ID; - reads it from standard input."),
        click.option("--owner", help="End every session of an owner."),
        click.option("--all", "ends_all", is_flag=True, help="End every session."),
        click.option("--yes", "is_sure", is_flag=True, help="Do not ask."),
    ),
}
"""What does the work of each command, and its options."""
