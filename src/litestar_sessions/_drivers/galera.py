"""Connections to a node of a Galera cluster: they see what was committed on the other nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine

EngineT = TypeVar("EngineT", bound="AsyncEngine | Engine")

__all__ = ("read_causally",)

# No row on a server that is no such node, nor on MySQL, which has no such variable.
_IS_NODE = "SHOW SESSION VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'"
# 1 is for what reads; 2 is for UPDATE and DELETE, which behind a load balancer may come to another
# node than what was read before (MariaDB, wsrep_sync_wait). An INSERT is stopped at its commit by
# what it did not see, and tried again.
_WAIT = "SET SESSION wsrep_sync_wait = @@SESSION.wsrep_sync_wait | 3"


def read_causally(engine: EngineT, *, wanted: bool = True) -> EngineT:
    """Return the engine, whose statements wait for what other Galera nodes have committed.

    A node applies that a moment later, and would not find the session of who signed in elsewhere.
    A connection costs one statement more when it is opened, and to a node of Galera another one.
    What the server has been set to wait for otherwise stays.

    Args:
        engine: An engine for any database.
        wanted: Otherwise it stays as it is.
    """
    if wanted and engine.dialect.name in {"mysql", "mariadb"}:
        event.listen(getattr(engine, "sync_engine", engine), "connect", _wait_for_other_nodes)
    return engine


def _wait_for_other_nodes(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(_IS_NODE)
    if cursor.fetchall():
        cursor.execute(_WAIT)
    cursor.close()
