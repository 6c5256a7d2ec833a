"""The clusters are what the other tests take them for."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql
import pytest

from tests.support.clusters import postgresql_pair

if TYPE_CHECKING:
    from tests.support.servers import Server


def on_node(node: Server) -> pymysql.Connection[Any]:
    return pymysql.connect(host=node.host, port=node.port, user=node.user, autocommit=True)


def on_postgresql(server: Server) -> psycopg.Connection:
    login = f"host={server.host} port={server.port} user={server.user}"
    return psycopg.connect(login, autocommit=True)


def test_three_nodes_are_one_cluster_that_does_not_wait_by_default(galera: list[Server]) -> None:
    for node in galera:
        with on_node(node) as client, client.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'wsrep_cluster_size'")
            assert cursor.fetchone() == ("wsrep_cluster_size", "3")
            cursor.execute("SELECT @@wsrep_sync_wait")
            assert cursor.fetchone() == (0,)


def test_a_switch_over_ends_no_connection_and_loses_nothing() -> None:
    with (
        postgresql_pair() as pair,
        closing(on_postgresql(pair.primary)) as old,
        closing(on_postgresql(pair.standby)) as new,
    ):
        old.execute("CREATE TABLE kept AS SELECT 42 AS id")
        pair.switch_over()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            old.execute("DELETE FROM kept")
        assert new.execute("DELETE FROM kept RETURNING id").fetchall() == [(42,)]
