"""The backends as Litestar sees them; nothing here knows SQL."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from copy import copy, deepcopy
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, cast

from litestar.middleware.session.server_side import ServerSideSessionBackend

from litestar_sessions._drivers.engine_config import SQLAlchemyConfigT
from litestar_sessions._requests.checks import MAX_ID_BYTES, MIN_ID_BYTES
from litestar_sessions._requests.settings import settings_of
from litestar_sessions._requests.signing import details_of_set
from litestar_sessions._requests.subclasses import overrides
from litestar_sessions._sql import dialects

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from litestar.middleware.session.server_side import ServerSideSessionConfig
    from sqlalchemy import Dialect, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    from typing_extensions import Self

    from litestar_sessions._requests.policy import SessionPolicy
    from litestar_sessions._sql.details import SessionDetails
    from litestar_sessions._sql.keys import SessionKeys

__all__ = ("SQLAlchemySessionBackendBase",)

_IN_A_COOKIE = re.compile(r"[!#$&-+\--:<-\[\]-~]{1,255}")
"""What stays the same in a cookie (RFC 6265, section 4.1.1); Litestar decodes what has a ``%``."""


class SQLAlchemySessionBackendBase(ServerSideSessionBackend, ABC, Generic[SQLAlchemyConfigT]):
    """A session backend over SQLAlchemy: what holds for every engine.

    A deep copy shares the engine and the model, and has a config of its own: Litestar copies the
    middleware of routers, controllers and handlers.

    Args:
        config: Litestar's settings of the session: its cookie, its lifetime. A
            `SQLAlchemySessionConfig` also has what the other arguments stand for.
        alchemy_config: What has the engine.
        model: The mapped class of the session table.
        clock: What returns the current time, aware.

    Raises:
        ConfigurationError: A session of ``config.max_age`` would expire after the last timestamp,
            or engine config or model are missing.
    """

    def __init__(
        self,
        config: ServerSideSessionConfig,
        alchemy_config: SQLAlchemyConfigT | None = None,
        model: type[Any] | None = None,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(config=config)
        self.settings = settings_of(config, alchemy_config, model, clock)
        """What the config and the other arguments say, as one value."""
        self.makes_own_ids = overrides(type(self), ServerSideSessionBackend, "generate_session_id")
        """Whether a subclass makes session IDs of another kind."""
        self.has_own_serializer = overrides(
            type(self), ServerSideSessionBackend, "serialize_data", "deserialize_data"
        )
        """Whether a subclass serializes sessions, and maybe to different bytes each time."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy that shares everything but the config."""
        duplicate = copy(self)
        memo[id(self)] = duplicate
        duplicate.config = deepcopy(self.config, memo)
        return duplicate

    @property
    def alchemy(self) -> SQLAlchemyConfigT:
        """What has the engine."""
        return cast("SQLAlchemyConfigT", self.settings.alchemy)

    @property
    def model(self) -> type[Any]:
        """The mapped class of the session table."""
        return self.settings.model

    @property
    def engine(self) -> AsyncEngine | Engine:
        """The engine through which the sessions are reached."""
        return self.settings.engine

    @property
    def keys(self) -> SessionKeys:
        """How session IDs are spelled in the table."""
        return self.settings.keys

    @property
    def clock(self) -> Callable[[], datetime]:
        """What returns the current time, aware."""
        return self.settings.clock

    @clock.setter
    def clock(self, clock: Callable[[], datetime]) -> None:
        self.settings = replace(self.settings, clock=clock)

    @property
    def policy(self) -> SessionPolicy:
        """How long sessions live, and who wins when two requests change one."""
        return self.settings.policy

    def is_session_id(self, text: str) -> bool:
        """Tell whether `generate_session_id` could have made that; nothing else is looked up.

        It may have done so when ``session_id_bytes`` was another number. In a class that overrides
        it, it is whatever may stand in a cookie, up to 255 characters.
        """
        if self.makes_own_ids:
            return bool(_IN_A_COOKIE.fullmatch(text)) and text != "null"  # which clears a cookie
        return _hexadecimal(self.config.session_id_bytes).fullmatch(text) is not None

    @staticmethod
    def supports_merge(dialect: Dialect | None = None, force_disable_merge: bool = False) -> bool:  # noqa: FBT001, FBT002 - Advanced Alchemy's signature
        """Tell whether ``MERGE`` is the way to save on this dialect."""
        return dialects.supports_merge(dialect, force_disable=force_disable_merge)

    @staticmethod
    def supports_upsert(dialect: Dialect | None = None, force_disable_upsert: bool = False) -> bool:  # noqa: FBT001, FBT002 - Advanced Alchemy's signature
        """Tell whether the dialect has an ``INSERT`` that updates on a conflict."""
        return dialects.supports_upsert(dialect, force_disable=force_disable_upsert)

    def details_of(self, data: bytes) -> SessionDetails | None:
        """Return what is written with data that replaces a session, whatever that was."""
        return details_of_set(self, self.settings.owners, data)

    def next_expiry(self) -> datetime:
        """Return when a session expires that is saved or renewed now."""
        return self.clock() + timedelta(seconds=self.config.max_age)

    @abstractmethod
    async def delete_expired(self) -> int:
        """Delete every expired session; return how many there were."""


@lru_cache
def _hexadecimal(own: int) -> re.Pattern[str]:
    """Return what matches the IDs that Litestar makes, of that many bytes or of another number."""
    fewest, most = min(own, MIN_ID_BYTES), max(own, MAX_ID_BYTES)
    return re.compile(f"(?:[0-9a-f]{{2}}){{{fewest},{most}}}")
