"""Signs of life that the system asks of a server while nothing is said on a connection.

What takes long on purpose has no deadline, and would wait for ever for an answer of a server that
has died. And firewalls forget connections that are silent for some minutes.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import event

from litestar_sessions._drivers.cutting import descriptor_of

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ("keep_alive",)

_IDLE, _INTERVAL, _COUNT = 60, 15, 4
"""After how many seconds of silence to ask, how often, and how many times: two minutes in all."""
_OPTIONS = {
    "TCP_KEEPIDLE": _IDLE,
    "TCP_KEEPALIVE": _IDLE,  # the same on macOS
    "TCP_KEEPINTVL": _INTERVAL,
    "TCP_KEEPCNT": _COUNT,
    "TCP_USER_TIMEOUT": (_IDLE + _INTERVAL * _COUNT) * 1_000,  # for what was sent (RFC 5482)
}


def keep_alive(pool: Any) -> None:
    """Have whatever a pool opens from now on fail within two minutes once its server is gone."""
    event.listen(pool, "connect", _keep_alive)


def _keep_alive(connection: DBAPIConnection, record: Any) -> None:
    driver: Any = record.driver_connection or connection
    with suppress(Exception):  # it has no socket, or nothing tells which
        _ask_for_signs_of_life(descriptor_of(driver))


def _ask_for_signs_of_life(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as duplicate:
        if duplicate.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _OPTIONS.items():
            if hasattr(socket, name):
                duplicate.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
