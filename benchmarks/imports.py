"""How long importing takes, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.loop import run
from benchmarks.measuring import Timing, ratios, take_turns
from benchmarks.reporting import Report
from benchmarks.settings import Settings

if TYPE_CHECKING:
    from benchmarks.reporting import Results
    from tests.support.databases import Servers

__all__ = ("CONTENDERS", "DEFAULTS", "main")

DEFAULTS = Settings()
COLUMNS = {"what": 44, "milliseconds": 12, "ratio": 6, "ratio_quartiles": 15, "cpu_us": 9}

_BASE = "import litestar, sqlalchemy"
_OURS = "from litestar_sessions import SessionPlugin, Session, "
_SYNC = "SQLAlchemySyncConfig, SQLAlchemySyncSessionBackend, SyncSessionStorage"
_ASYNC = "SQLAlchemyAsyncConfig, SQLAlchemyAsyncSessionBackend, AsyncSessionStorage"
CONTENDERS = {
    "litestar and sqlalchemy": _BASE,
    "and those modules of theirs that we use": (
        f"{_BASE}; import sqlalchemy.orm, sqlalchemy.ext.asyncio, litestar.plugins, "
        "litestar.middleware.session.server_side"
    ),
    "and litestar-sessions, the sync half": f"{_BASE}; {_OURS}{_SYNC}",
    "and litestar-sessions, both halves": f"{_BASE}; {_OURS}{_SYNC}, {_ASYNC}",
    "and Advanced Alchemy's session backends": (
        f"{_BASE}; import advanced_alchemy.extensions.litestar.session"
    ),
}
_MEASURED = """
from time import perf_counter, process_time
wall, cpu = perf_counter(), process_time()
{}
print(perf_counter() - wall, process_time() - cpu)
"""


def main(settings: Settings, _servers: Servers) -> Results:
    """Measure the imports; a ratio is the time over that of litestar and sqlalchemy alone."""
    report = Report(COLUMNS)
    contenders = {what: partial(_time, code) for what, code in CONTENDERS.items()}
    timings = run(take_turns(contenders, settings.rounds, warms_up=False))
    base = next(iter(timings.values()))
    for what, mine in timings.items():
        report.add(
            what=what,
            milliseconds=median(timing.wall * 1e3 for timing in mine),
            ratio=ratios(base, mine),
            cpu_us=median(timing.cpu * 1e6 for timing in mine),
        )
    return report.results


async def _time(code: str) -> Timing:
    command = (sys.executable, "-W", "ignore", "-c", _MEASURED.format(code))
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: ASYNC221 - one at a time is the point
    wall, cpu = map(float, done.stdout.split())
    return Timing(1, wall, cpu)
