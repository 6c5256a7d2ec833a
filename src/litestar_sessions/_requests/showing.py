"""What a config shows of the settings that it has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from litestar_sessions._requests.policy import SessionPolicy
    from litestar_sessions._requests.settings import SessionSettings
    from litestar_sessions._sql.keys import SessionKeys
    from litestar_sessions._sql.seals import Seals

__all__ = ("ShowsSettings",)


class ShowsSettings:
    """A config that has made settings of itself."""

    if TYPE_CHECKING:
        settings: SessionSettings

    @property
    def engine(self) -> AsyncEngine | Engine:
        """The engine through which requests reach the sessions."""
        return self.settings.engine

    @property
    def keys(self) -> SessionKeys:
        """How session IDs are spelled in the table."""
        return self.settings.keys

    @property
    def seals(self) -> Seals | None:
        """How data is encrypted in the table, if it is."""
        return self.settings.seals

    @property
    def policy(self) -> SessionPolicy:
        """How long sessions live, and who wins when two requests change one."""
        return self.settings.policy
