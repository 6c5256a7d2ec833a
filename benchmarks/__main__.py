"""Measure this package beside what it is built on and what it is chosen over.

Everything is measured in rounds in which all contenders take turns; what counts are the ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.plots import draw
from benchmarks.reporting import about
from benchmarks.settings import DRIVERS, Settings
from tests.support.databases import Servers
from tests.support.servers import Missing

if TYPE_CHECKING:
    from benchmarks.reporting import Results

PARTS = {
    "verbs": "the verbs of a storage, beside the driver alone and Advanced Alchemy",
    "requests": "whole requests in process, by who keeps the sessions",
    "processes": "whole servers under wrk",
    "growth": "reading and writing as the table grows",
    "owners": "listing and ending the sessions of an owner as the table grows",
    "payload": "reading and writing as sessions grow",
    "purging": "deleting the expired while others read and write",
    "changes": "what a change writes on PostgreSQL",
    "memory": "what requests leave behind, and what those in flight take",
    "counts": "round trips, function calls and CPU time of each verb and request",
    "imports": "importing the package",
    "sharing": "many visitors at once, near and far, beside another revision",
    "compare": "the working tree beside another revision",
}
"""Modules of this package, with ``DEFAULTS`` and ``main(settings, servers)``."""
NOT_BY_DEFAULT = {"compare", "purging", "sharing"}


def main() -> int:
    """Run the parts that the command line names."""
    parser = _parser()
    options = parser.parse_args()
    for name in set(options.part) - set(PARTS):
        parser.error(f"{name} is no part: choose from {', '.join(PARTS)}")
    names = options.part or [name for name in PARTS if name not in NOT_BY_DEFAULT]
    servers = Servers()
    results: dict[str, Results] = {}
    missing = []
    try:
        for name in names:
            try:
                results[name] = _run(name, options, servers)
            except Missing as error:
                missing.append(f"Not measured: {name}. {error}")
    finally:
        servers.stop()
        _keep(results, options)
    for message in missing:
        print(message, file=sys.stderr)
    return 1 if missing else 0


def _keep(results: dict[str, Results], options: argparse.Namespace) -> None:
    """Write and draw what was measured, be it all or not."""
    if options.json:
        text = json.dumps({"about": about(), "results": results}, indent=1)
        options.json.write_text(f"{text}\n", encoding="utf-8")
    if options.plots:
        draw(results, options.plots)


def _parser() -> argparse.ArgumentParser:
    lines = "\n".join(f"  {name:10} {text}" for name, text in PARTS.items())
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=f"{__doc__}\nParts:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Whatever is left out, each part chooses for itself.",
    )
    add = parser.add_argument
    add("part", nargs="*", metavar="PART", help="all but compare, purging and sharing if none")
    add("--driver", nargs="+", choices=DRIVERS, metavar="DRIVER", help=", ".join(DRIVERS))
    add("--concurrency", nargs="+", type=int, help="how many operations at a time")
    add("--rows", nargs="+", type=int, help="sessions in the table")
    add("--payload", nargs="+", type=int, help="bytes of a session")
    add("--rounds", type=int, help="how often every contender has its turn")
    add("--operations", type=int, help="a turn ends after so many")
    add("--seconds", type=float, help="a turn ends after so long, if not before")
    add("--base", help="the revision to compare with")
    add("--json", type=Path, metavar="FILE", help="where to write every figure")
    add("--plots", type=Path, metavar="FOLDER", help="where to draw the results")
    return parser


def _run(name: str, options: argparse.Namespace, servers: Servers) -> Results:
    module = import_module(f"benchmarks.{name}")
    given = {field.name: getattr(options, field.name) for field in fields(Settings)}
    settings = replace(module.DEFAULTS, **{k: _frozen(v) for k, v in given.items() if v})
    print(f"\n# {name}: {PARTS[name]}\n", flush=True)
    start = perf_counter()
    results: Results = module.main(settings, servers)
    print(f"\n({name}: {perf_counter() - start:.0f} seconds)", flush=True)
    return results


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
