"""The benchmark measures every verb of every contender on every driver."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.__main__ import DRIVERS
from benchmarks.contenders import FLOOR, OURS, THEIRS, VERBS

if TYPE_CHECKING:
    from tests.support.databases import Servers

ROOT = Path(__file__).parent.parent
LITTLE = ("--rows", "4", "--concurrency", "1", "2", "--rounds", "1", "--operations", "4")


def test_a_short_run_measures_everything(servers: Servers, tmp_path: Path) -> None:
    for driver in DRIVERS:
        servers.database(driver.partition(" ")[2], tmp_path)  # says which database is missing
    path = tmp_path / "results.json"
    command = (sys.executable, "-m", "benchmarks", *LITTLE, "--json", str(path))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads(path.read_text())
    measured = [(r["driver"], r["concurrency"], r["verb"], r["contender"]) for r in results]
    assert measured == list(product(DRIVERS, (1, 2), VERBS, (FLOOR, OURS, THEIRS)))
    assert all(result["per_second"] > 0 for result in results)
