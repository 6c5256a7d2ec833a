"""SQLite's files: a connection has one open that may have been deleted or replaced since."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from litestar_sessions._drivers.forks import is_in_memory
from litestar_sessions._drivers.opened import open_anew

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("WatchedFile", "file_of", "path_of")


def file_of(engine: Engine) -> WatchedFile | None:
    """Return the file of an engine; ``None`` if there is none."""
    path = path_of(engine)
    return None if path is None else WatchedFile(engine, path)


def path_of(engine: AsyncEngine | Engine) -> str | None:
    """Return where the file of an engine is; ``None`` if there is none."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or is_in_memory(engine) or not path:
        return None
    if path.startswith("file:"):  # a URI of SQLite's; its query is in that of the URL
        path = unquote(urlsplit(path).path)
    return path


class WatchedFile:
    """The file that the connections of an engine have open."""

    def __init__(self, engine: Engine, path: str) -> None:
        self._engine = engine
        self._path = path
        self._number: int | None = None

    def check(self) -> None:
        """Have new connections if the file is another one than it was.

        What is written to a file that was deleted is lost, and nobody says so. A file that is open
        keeps its number to itself.
        """
        try:
            number = os.stat(self._path).st_ino  # noqa: PTH116 - pathlib takes twice as long
        except OSError:
            number = None
        if number != self._number:
            if self._number is not None:  # or a statement was the first, and has created it
                open_anew(self._engine)
            self._number = number
