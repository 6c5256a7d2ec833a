"""Where sessions are kept, and how many of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.databases import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from benchmarks.settings import Settings
    from tests.support.databases import Servers

__all__ = ("Load", "Place", "grid", "loads", "places")


@dataclass(frozen=True)
class Place:
    """A database, by the driver that leads there."""

    driver: str
    """The half and the driver of SQLAlchemy."""
    database: Database

    @property
    def url(self) -> URL:
        """The URL of the database."""
        return self.database.url

    @property
    def is_async(self) -> bool:
        """Whether the driver is async."""
        return self.driver.startswith("async ")

    @property
    def bare(self) -> Place:
        """The same for another process, which cannot have the server."""
        return replace(self, database=Database(self.url))


@dataclass(frozen=True)
class Load:
    """How much there is, and how much at a time."""

    rows: int
    payload: int
    concurrency: int

    @property
    def table(self) -> str:
        """The name of a table with as much in it."""
        return f"sessions_{self.rows}_{self.payload}"

    @property
    def owned_table(self) -> str:
        """The name of one whose sessions have owners."""
        return f"owned_{self.table}"

    @property
    def their_table(self) -> str:
        """The name of Advanced Alchemy's."""
        return f"their_{self.table}"


def places(settings: Settings, servers: Servers) -> Iterator[Place]:
    """Lend a database for each driver, one after the other.

    Raises:
        Missing: A server is not installed.
    """
    for driver in settings.driver:
        with tempfile.TemporaryDirectory() as folder:
            yield Place(driver, servers.database(driver.partition(" ")[2], Path(folder)))


def loads(settings: Settings) -> list[Load]:
    """Return every combination that the settings ask for."""
    return [
        Load(*sizes) for sizes in product(settings.rows, settings.payload, settings.concurrency)
    ]


def grid(settings: Settings, servers: Servers) -> Iterator[tuple[Place, Load]]:
    """Lend every place with every load."""
    for place in places(settings, servers):
        for load in loads(settings):
            yield place, load
