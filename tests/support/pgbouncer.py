"""A throwaway PgBouncer in front of a PostgreSQL server."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from signal import SIGTERM
from typing import TYPE_CHECKING

from tests.support.servers import (
    Recipe,
    _cut_postgresql,
    _greet_postgresql,
    _make_on_postgresql,
    _Orders,
    start,
)

if TYPE_CHECKING:
    from tests.support.servers import Access, Server

# Clients come as anybody, and share fewer connections to the server than they have themselves.
_SETTINGS = """[databases]
* = host={server.host} port={server.port} user={server.user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {{port}}
unix_socket_dir = {{directory}}
auth_type = any
pool_mode = transaction
default_pool_size = 5
"""


def start_pgbouncer(server: Access) -> Server:
    """Start a PgBouncer in transaction mode for a PostgreSQL server, or raise `Missing`."""
    folders = [*os.get_exec_path(), "/usr/sbin"]
    recipe = Recipe(
        create="",
        serve="pgbouncer settings",
        folders=folders,
        account="postgres",
        missing="PgBouncer is missing: apt-get install pgbouncer",
        stop_signal=SIGTERM,
        greet=_greet_postgresql,
        orders=_Orders(_make_on_postgresql, _cut_postgresql),
        settings=_SETTINGS.format(server=server),
    )
    if _can_keep_statements(recipe.find("pgbouncer")):
        # Then clients need not know that PgBouncer is there, but not everybody has that.
        recipe = replace(recipe, settings=f"{recipe.settings}max_prepared_statements = 0\n")
    return start(recipe, user=server.user, database=server.database)


def _can_keep_statements(program: str) -> bool:
    """Tell whether this version can have a prepared statement on several connections."""
    said = subprocess.check_output([program, "--version"], text=True)
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    # Older ones do not start with a setting that they do not know.
    return found is not None and (int(found[1]), int(found[2])) >= (1, 21)
