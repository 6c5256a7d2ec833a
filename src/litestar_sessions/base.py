"""The backends as Litestar sees them; nothing here knows SQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy, deepcopy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Generic

from litestar.middleware.session.server_side import ServerSideSessionBackend

from litestar_sessions import dialects
from litestar_sessions.config import SQLAlchemyConfigT
from litestar_sessions.exceptions import ConfigurationError
from litestar_sessions.types import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.middleware.session.server_side import ServerSideSessionConfig
    from sqlalchemy import Dialect
    from typing_extensions import Self

__all__ = ("SQLAlchemySessionBackendBase",)

# A century of room: a lifetime that fits today must also fit while the process runs on.
_LATEST_EXPIRY = datetime.max.replace(tzinfo=timezone.utc) - timedelta(days=36_525)


class SQLAlchemySessionBackendBase(ServerSideSessionBackend, ABC, Generic[SQLAlchemyConfigT]):
    """A session backend over SQLAlchemy: what holds for every engine.

    A deep copy shares the engine and the model, and has a config of its own: Litestar copies the
    middleware of routers, controllers and handlers.

    Args:
        config: Litestar's settings of the session: its cookie, its lifetime.
        alchemy_config: What has the engine.
        model: The mapped class of the session table.
        clock: What returns the current time, aware.

    Raises:
        ConfigurationError: A session of ``config.max_age`` would expire after the last timestamp.
    """

    def __init__(
        self,
        config: ServerSideSessionConfig,
        alchemy_config: SQLAlchemyConfigT,
        model: type[Any],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(config=config)
        self.alchemy = alchemy_config
        self.model = model
        self.clock = clock
        limit = int((_LATEST_EXPIRY - clock()).total_seconds())
        if config.max_age > limit:
            raise ConfigurationError(
                f"max_age is {config.max_age} seconds, and the limit is {limit}: no timestamp is "
                "later than the year 9999. Choose a smaller one.",
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy that shares everything but the config."""
        duplicate = copy(self)
        memo[id(self)] = duplicate
        duplicate.config = deepcopy(self.config, memo)
        return duplicate

    @staticmethod
    def supports_merge(dialect: Dialect | None = None, force_disable_merge: bool = False) -> bool:  # noqa: FBT001, FBT002 - Advanced Alchemy's signature
        """Tell whether ``MERGE`` is the way to save on this dialect."""
        return dialects.supports_merge(dialect, force_disable=force_disable_merge)

    @staticmethod
    def supports_upsert(dialect: Dialect | None = None, force_disable_upsert: bool = False) -> bool:  # noqa: FBT001, FBT002 - Advanced Alchemy's signature
        """Tell whether the dialect has an ``INSERT`` that updates on a conflict."""
        return dialects.supports_upsert(dialect, force_disable=force_disable_upsert)

    def next_expiry(self) -> datetime:
        """Return when a session expires that is saved or renewed now."""
        return self.clock() + timedelta(seconds=self.config.max_age)

    @abstractmethod
    async def delete_expired(self) -> int:
        """Delete every expired session; return how many there were."""
