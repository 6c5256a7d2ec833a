"""Sessions for an application in one line."""

from __future__ import annotations

from contextlib import asynccontextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from litestar.middleware import DefineMiddleware
from litestar.plugins import CLIPlugin, InitPlugin
from sqlalchemy import URL, Engine

from litestar_sessions._drivers.failures import Failure, describe, failure_of
from litestar_sessions._drivers.lifespans import Lifespan
from litestar_sessions._drivers.running import running_loop
from litestar_sessions._drivers.urls import is_async_url
from litestar_sessions._operations.pauses import check_interval
from litestar_sessions._operations.regular import deleting_regularly
from litestar_sessions._requests.errors import (
    LitestarConfigurationError,
    SessionUnavailableError,
    as_litestar_does,
)
from litestar_sessions._requests.events import warn
from litestar_sessions._requests.keywords import SessionKeywords
from litestar_sessions._requests.middleware import SessionSignpost
from litestar_sessions._requests.rivals import refuse_rivals
from litestar_sessions.config import SQLAlchemySessionConfig
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from click import Group
    from litestar import Litestar
    from litestar.config.app import AppConfig
    from sqlalchemy.ext.asyncio import AsyncEngine
    from typing_extensions import Unpack

    from litestar_sessions._drivers.engine_config import EngineConfig
    from litestar_sessions._requests.backend import StorageSessionBackend

__all__ = ("SessionPlugin",)


class SessionPlugin(InitPlugin, CLIPlugin):
    """Gives an application sessions: the middleware, the table, and the end of the connections.

    At start-up the table is created, or it is checked that it is there, and so is that nothing else
    has sessions in the same cookie. While the application runs, expired sessions are deleted. At
    shutdown the connections that were opened for sessions are closed.

    Args:
        source: Where sessions are kept: the URL of a database, an engine of the application (its
            sessions get a pool of connections of their own), what has an engine (a config of this
            package or of Advanced Alchemy), or a whole `SQLAlchemySessionConfig`.
        middleware: Whether every route of the application gets sessions; otherwise put
            ``plugin.config.middleware`` where you want them.
        delete_expired_every: How many seconds lie between two deletions of expired sessions, which
            begin at a random moment of the first interval; ``None`` if something else deletes them.
        **settings: Settings of `SQLAlchemySessionConfig`; ``create_table`` is true by default if
            the source is a URL.

    Raises:
        ConfigurationError: A setting cannot work; the message names the remedy.
    """

    def __init__(
        self,
        source: str | URL | AsyncEngine | Engine | EngineConfig | SQLAlchemySessionConfig,
        *,
        middleware: bool = True,
        delete_expired_every: float | None = 3_600,
        **settings: Unpack[SessionKeywords],
    ) -> None:
        self._has_middleware = middleware
        self._delete_expired_every = delete_expired_every
        with as_litestar_does():
            check_interval(delete_expired_every)
            self.config = _session_config(source, {**settings})

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Give the application what sessions need."""
        # First, so that the application's own middleware, and what it does at its end, has them.
        if self._has_middleware:
            app_config.middleware = [self.config.middleware, *app_config.middleware]
        else:
            signpost = DefineMiddleware(SessionSignpost, backend=self.config.create_backend())
            app_config.middleware = [*app_config.middleware, signpost]
        app_config.lifespan = [self._lifespan, *app_config.lifespan]
        return app_config

    def on_cli_init(self, cli: Group) -> None:
        """Add commands to ``litestar sessions``; they work on whichever application is named."""
        # Imported here because nothing else needs click and rich.
        from litestar_sessions._operations.commands import add_commands  # noqa: PLC0415

        add_commands(cli)

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncIterator[None]:
        with as_litestar_does():
            running_loop()
            refuse_rivals(app, self.config)
        lifespan = Lifespan(self.config.engine)
        backend = self.config.create_backend()
        try:
            await self._prepare(backend)
            async with deleting_regularly(backend.delete_expired, self._delete_expired_every):
                yield
        finally:
            await self.config.settings.finish()
            if lifespan.end():
                await self.config.dispose()

    async def _prepare(self, backend: StorageSessionBackend[Any]) -> None:
        """Create or check the table; a database that does not answer yet is waited for later."""
        try:
            with as_litestar_does():
                await backend.prepare()
        except SessionUnavailableError as error:
            cause = error.__cause__ or error
            if failure_of(cause) is Failure.REFUSAL:
                raise LitestarConfigurationError(
                    f"The session database does not let us in: {describe(cause)}. Check the user, "
                    "the password and the name of the database, or the folder of its file.",
                ) from None
            warn(
                "started_without",
                "The application has started without its session database: pages that need no "
                "session are served",
            )


def _session_config(source: Any, settings: dict[str, Any]) -> SQLAlchemySessionConfig:
    _check_names(settings)
    if isinstance(source, SQLAlchemySessionConfig):
        if settings:
            raise ConfigurationError(
                f"The source is a whole config: give it {', '.join(settings)} where it is made.",
            )
        return source
    if isinstance(source, str | URL):
        settings = {"create_table": True, **settings}
    return SQLAlchemySessionConfig(alchemy_config=_engine_config(source), **settings)


def _check_names(settings: dict[str, Any]) -> None:
    known = [*SessionKeywords.__annotations__, "middleware", "delete_expired_every"]
    for name in settings.keys() - set(known):
        near = get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
        raise ConfigurationError(f"SessionPlugin has no setting {name}: {remedy}")


def _engine_config(source: Any) -> EngineConfig:
    if isinstance(source, str | URL):
        return _config_class(is_async=is_async_url(source))(source)
    if isinstance(source, Engine) or hasattr(source, "sync_engine"):
        return _config_class(is_async=not isinstance(source, Engine))(engine_instance=source)
    if hasattr(source, "get_engine"):
        config: EngineConfig = source
        return config
    raise ConfigurationError(
        f"{type(source).__name__} is no place for sessions: hand in a URL, an engine, or a config "
        "that has an engine.",
    )


def _config_class(*, is_async: bool) -> Callable[..., EngineConfig]:
    # Imported when it is known which one is wanted: only the async one needs greenlet.
    if is_async:
        from litestar_sessions._async.engine_config import SQLAlchemyAsyncConfig  # noqa: PLC0415

        return SQLAlchemyAsyncConfig
    from litestar_sessions._sync.engine_config import SQLAlchemySyncConfig  # noqa: PLC0415

    return SQLAlchemySyncConfig
