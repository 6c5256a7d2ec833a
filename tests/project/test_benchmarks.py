"""Each part of the benchmark measures all that it says, whatever the figures."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from benchmarks import (
    compare,
    counts,
    growth,
    imports,
    memory,
    owners,
    payload,
    processes,
    purging,
    sharing,
    workers,
)
from benchmarks.apps import APPS, PLAIN
from benchmarks.contenders import FLOOR, OURS, THEIRS, VERBS
from benchmarks.handlers import KINDS
from benchmarks.plots import draw
from benchmarks.settings import DRIVERS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import Servers, StartedServers

LITTLE: dict[str, Any] = {
    "concurrency": (2,),
    "rows": (4,),
    "payload": (100,),
    "rounds": 1,
    "operations": 4,
}

MOST_CALLS = {"anonymous": 45, "read-only": 310, "write": 560, "sign-in": 310}
"""How many Python functions sessions may add to a request on asyncpg.

A fifth above what they add on Python 3.11.
"""


def measured(part: str, servers: Servers, **settings: Any) -> list[dict[str, Any]]:
    """Return the results of a very short run."""
    module = import_module(f"benchmarks.{part}")
    results: list[dict[str, Any]] = module.main(
        replace(module.DEFAULTS, **{**LITTLE, **settings}), servers
    )
    return results


def of(results: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(result[name] for name in names) for result in results]


def test_the_verbs_of_every_contender_on_every_driver(servers: Servers) -> None:
    results = measured("verbs", servers)
    assert of(results, "driver", "verb", "contender") == list(
        product(DRIVERS, VERBS, (FLOOR, OURS, THEIRS))
    )
    assert all(result["per_second"] > 0 for result in results)


def test_the_command_line_writes_what_it_measures(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    options = ("--driver", "sync sqlite+pysqlite", "--rounds", "1", "--operations", "1")
    command = (sys.executable, "-m", "benchmarks", "verbs", *options, "--json", str(path))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    written = json.loads(path.read_text())
    assert written["about"]["sqlalchemy"]
    assert len(written["results"]["verbs"]) == 2 * len(VERBS) * 3


def test_every_kind_of_request_by_who_keeps_the_sessions(servers: Servers) -> None:
    drivers = ("async postgresql+asyncpg", "sync mysql+pymysql")
    results = measured("requests", servers, driver=drivers)
    assert of(results, "driver", "kind", "contender") == list(product(drivers, KINDS, APPS))
    assert all(result["of_no_sessions"] > 0 for result in results)


def test_tables_of_every_size(servers: Servers) -> None:
    results = measured("growth", servers, rows=(4, 40))
    drivers = growth.DEFAULTS.driver
    assert of(results, "driver", "verb", "rows") == list(product(drivers, VERBS[:2], (4, 40)))
    assert all(result["cost"] > 0 for result in results)


def test_what_a_change_writes(servers: Servers) -> None:
    results = measured("changes", servers, rows=(40,), operations=80)
    assert of(results, "table") == [("without owners",), ("with owners",)]
    for result in results:
        assert 100 < result["log_bytes"] < 10_000
        assert 0.5 < result["heap_only"] <= 1


def test_owners_in_tables_of_every_size(servers: Servers) -> None:
    results = measured("owners", servers, rows=(20, 40), operations=2)
    drivers = owners.DEFAULTS.driver
    assert of(results, "driver", "verb", "rows") == list(product(drivers, owners.VERBS, (20, 40)))
    assert all(result["cost"] > 0 for result in results)


def test_sessions_of_every_size(servers: Servers) -> None:
    results = measured("payload", servers, payload=(100, 100_000))
    sizes = product(payload.DEFAULTS.driver, (100, 100_000), VERBS[:2], (FLOOR, OURS))
    assert of(results, "driver", "payload", "verb", "contender") == list(sizes)
    assert all(result["cost"] > 0 for result in results)


def test_deleting_the_expired_while_others_wait(servers: Servers) -> None:
    results = measured("purging", servers, rows=(2_000,), seconds=0.3)
    assert of(results, "driver", "contender") == list(
        product(purging.DEFAULTS.driver, purging.CONTENDERS)
    )
    assert all(result["seconds"] > 0 for result in results)


def test_imports_in_fresh_interpreters(servers: Servers) -> None:
    results = measured("imports", servers)
    assert of(results, "what") == [(what,) for what in imports.CONTENDERS]
    assert all(result["ratio"] > 0 for result in results)


def test_memory_that_is_left_and_memory_in_flight(servers: Servers) -> None:
    driver = ("sync sqlite+pysqlite",)
    results = measured("memory", servers, driver=driver, operations=20)
    parked = of(results[-8:], "contender", "what")
    kinds = ("in flight, anonymous", "in flight, with a session")
    assert parked == list(product(memory.CONTENDERS, kinds))
    assert [result["requests"] for result in results[:-9]] == list(range(0, 21, 2))
    assert all(result["objects"] > 0 for result in results[:-9])


def test_round_trips_and_calls_of_each_verb(servers: Servers) -> None:
    driver = ("async postgresql+asyncpg",)
    results = measured("counts", servers, driver=driver, concurrency=(1,))
    each = [*product(counts.VERBS, counts.STORAGES), *product(KINDS, counts.APPS)]
    assert of(results, "what", "contender") == each
    assert all(result["calls"] > 0 for result in results)
    ours = {r["what"]: r["round_trips"] for r in results if r["contender"] == OURS}
    once = dict.fromkeys((*counts.VERBS, "read-only", "sign-in"), 1)
    assert ours == once | {"anonymous": 0, "write": 2}
    calls = {(r["what"], r["contender"]): r["calls"] for r in results}
    beyond = {kind: calls[kind, OURS] - calls[kind, PLAIN] for kind in KINDS}
    assert {kind: count < MOST_CALLS[kind] for kind, count in beyond.items()} == dict.fromkeys(
        KINDS, True
    )


def test_the_working_tree_beside_another_revision(servers: Servers) -> None:
    driver = ("sync sqlite+pysqlite",)
    results = measured("compare", servers, driver=driver)
    assert of(results, "driver", "what") == list(product(driver, compare.WHAT))
    assert all(result["of_base"] > 0 for result in results)


def test_many_visitors_at_once_near_and_far(servers: Servers) -> None:
    drivers = ("sync sqlite+pysqlite", "async postgresql+asyncpg")
    results = measured("sharing", servers, driver=drivers)
    places = ((drivers[0], 0), (drivers[1], 0), (drivers[1], 5))
    assert of(results, "driver", "ms_away", "what") == [
        (*place, what) for place, what in product(places, sharing.WHAT)
    ]
    assert all(result["of_base"] > 0 < result["p50"] <= result["p99"] for result in results)


REGISTERED = """
from importlib.metadata import entry_points

print([each.value for each in entry_points(group="alembic.plugins")])
"""


def test_another_revision_is_not_asked_for_what_the_installed_package_has_registered(
    tmp_path: Path,
) -> None:
    with workers.environment(tmp_path) as variables:
        for env, is_found in ((os.environ, True), (variables, False)):
            command = [sys.executable, "-c", REGISTERED]
            found = subprocess.check_output(command, env=env, text=True, timeout=60)
            assert ("litestar_sessions" in found) is is_found


def test_servers_in_processes_of_their_own(servers: Servers) -> None:
    driver = ("sync sqlite+pysqlite",)
    results = measured("processes", servers, driver=driver, seconds=1)
    assert of(results, "kind", "contender") == list(product(processes.KINDS, processes.CONTENDERS))
    assert all(result["cpu_us"] > 0 for result in results)


def test_drawings_of_the_results_are_the_same_each_time(servers: Servers, tmp_path: Path) -> None:
    driver = ("sync sqlite+pysqlite",)
    results = {
        part: measured(part, servers, driver=driver)
        for part in ("verbs", "requests", "growth", "payload")
    }
    drawn = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        draw(results, folder)
        drawn.append({path.name: path.read_text() for path in folder.iterdir()})
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {f"benchmark-{part}.svg" for part in results}
    for text in drawn[0].values():
        assert ET.fromstring(text).tag.endswith("svg")


def test_redis_is_a_server_like_the_others(own_servers: StartedServers) -> None:
    server = own_servers.server("redis")
    for _ in range(2):
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(b"PING\r\n")
            assert client.recv(64) == b"+PONG\r\n"
            server.cut("0")
            assert client.recv(64) == b""
        server.restart()
