"""Session middlewares that would fight over one cookie: found when an application starts."""

from __future__ import annotations

from functools import partial
from inspect import getclosurevars, isfunction
from typing import TYPE_CHECKING, Any, NamedTuple

from litestar import Litestar
from litestar.middleware import DefineMiddleware
from litestar.middleware.session.base import BaseSessionBackend
from litestar.security.session_auth import SessionAuth

from litestar_sessions._drivers.engine_config import engine_of
from litestar_sessions._requests.middleware import SessionSignpost
from litestar_sessions._requests.settings import SessionSettings, own_settings
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.handlers import BaseRouteHandler

__all__ = ("refuse_rivals",)


class Sessions(NamedTuple):
    """What gives sessions to a route."""

    config: Any
    """Whatever config it has: ours, or one of Litestar's, of the server's or the client's side."""
    settings: SessionSettings | None


def refuse_rivals(app: Litestar, config: Any) -> None:
    """Refuse an application that has other sessions in the cookie of a config that it uses.

    Visitors would be signed in and out of two sessions at random. Allowed are cookies of another
    name, or of another path or domain, if no request has both; several middlewares of one config;
    and, on routes of their own, other configs for the same rows. What makes its middleware inside
    of a method is not seen.

    Raises:
        ConfigurationError: The message names the route, what it has, and the remedy.
    """
    own = own_settings(config)
    stacks = list(_stacks(app))
    if own is None or not any(_has(sessions, own) for _, sessions in stacks):
        return
    for handler, sessions in stacks:
        for other in sessions:
            if other.settings is own or not _collide(other.config, config):
                continue
            if _has(sessions, own) or not _same_rows(other.settings, own):
                raise ConfigurationError(
                    f"{handler} has sessions of a {type(other.config).__name__} in the cookie "
                    f"{config.key!r}, which is the plugin's: visitors would lose one by the other. "
                    "Remove that middleware, give it the plugin's config, or another key=.",
                )


def _has(sessions: tuple[Sessions, ...], own: SessionSettings) -> bool:
    return any(each.settings is own for each in sessions)


def _stacks(
    app: Litestar, outer: tuple[Sessions, ...] = ()
) -> Iterator[tuple[BaseRouteHandler, tuple[Sessions, ...]]]:
    """Yield every handler with what gives it sessions; those of mounted applications too."""
    for route in app.routes:
        handlers: Any = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[union-attr]  # one has the one, others the other
        for handler in handlers:
            found = (each for part in handler.resolve_middleware() for each in _sessions_in(part))
            sessions = (*outer, *found)
            yield handler, sessions
            if isinstance(handler.fn, Litestar):
                yield from _stacks(handler.fn, sessions)


def _sessions_in(part: Any) -> Iterator[Sessions]:
    """Yield what gives sessions in a middleware, or in what it is made of."""
    if isinstance(part, BaseSessionBackend):
        settings = getattr(part, "settings", None) or own_settings(part.config)
        yield Sessions(part.config, settings)
    elif isinstance(part, SessionAuth):
        config: Any = part.session_backend_config
        yield Sessions(config, own_settings(config))
    else:
        for each in _parts(part):
            yield from _sessions_in(each)


def _parts(middleware: Any) -> tuple[Any, ...]:
    if isinstance(middleware, DefineMiddleware):
        if middleware.middleware is SessionSignpost:
            return ()
        return (middleware.middleware, *middleware.args, *middleware.kwargs.values())
    if isinstance(middleware, partial):
        return (middleware.func, *middleware.args, *middleware.keywords.values())
    if isfunction(middleware):
        names = getclosurevars(middleware)
        values = (*names.nonlocals.values(), *names.globals.values())
        return tuple(value for value in values if isinstance(value, BaseSessionBackend))
    return ()


def _collide(one: Any, other: Any) -> bool:
    """Tell whether a browser could send both cookies with one request, under one name."""
    return (
        one.key == other.key
        and _is_within(_folders(one.path), _folders(other.path))
        and _is_within(_labels(one.domain), _labels(other.domain))
    )


def _is_within(one: list[str], other: list[str]) -> bool:
    """Tell whether one is the beginning of the other."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def _folders(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _labels(domain: str | None) -> list[str]:
    """Return the names in a domain, the top level first; without one it may be any host."""
    return [part.lower() for part in reversed((domain or "").split(".")) if part]


def _same_rows(one: SessionSettings | None, other: SessionSettings) -> bool:
    return (
        one is not None
        and engine_of(one.alchemy) is engine_of(other.alchemy)
        and one.model is other.model
        and one.keys == other.keys
    )
