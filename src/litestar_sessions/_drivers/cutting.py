"""Cutting a connection: whoever waits for an answer on it meets an error at once."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ("cut", "descriptor_of")


def cut(connection: DBAPIConnection | None) -> None:
    """Cut a connection, of any driver and from any thread; it can only be closed afterwards.

    Nothing is said to the server, which may be silent, and nobody is waited for. SQLite's
    connections have nothing to cut: what they do is interrupted.
    """
    driver: Any = getattr(connection, "driver_connection", connection)
    with suppress(Exception):  # it may be closed already, or half open
        _cut(driver)


def _cut(driver: Any) -> None:
    inner = getattr(driver, "_conn", driver)  # aiosqlite has one of sqlite3 inside
    if hasattr(inner, "interrupt") and hasattr(inner, "set_progress_handler"):
        inner.interrupt()
    elif hasattr(driver, "terminate"):  # asyncpg
        driver.terminate()
    elif (transport := _transport(driver)) is not None:
        transport.abort()
    else:
        _shut_down(descriptor_of(driver))


def _transport(driver: Any) -> Any:
    """Return what asyncio has of a connection of asyncmy or aiomysql, which have no public way."""
    writer = getattr(driver, "_writer", None)
    return getattr(driver, "_transport", getattr(writer, "transport", None))


def descriptor_of(driver: Any) -> int:
    """Return the descriptor of the socket of a driver's own connection; SQLite's have none."""
    transport = _transport(driver)
    if transport is not None:
        return int(transport.get_extra_info("socket").fileno())
    own_socket = getattr(driver, "_sock", None)  # PyMySQL
    return int(driver.fileno() if own_socket is None else own_socket.fileno())


def _shut_down(descriptor: int) -> None:
    # Of the connection itself, not of the descriptor: whoever reads from it learns of the end.
    with socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
