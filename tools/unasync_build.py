"""Render sync twins from async sources: the same program, line for line, under other names.

Run it without arguments to write the twins, with ``--check`` to compare them and write nothing,
with ``--explain FILE`` to see source and twin side by side. A twin that was edited by hand is not
written over, unless with ``--force``.

``[tool.unasync-build]`` in ``pyproject.toml`` says which trees are sources (``roots``), which
names differ, single ones (``names``) and sequences of names with dots (``dotted``), and what the
first line of a source (``source-line``) and of a twin (``twin-line``) is.

``unasync`` does the token work and nothing else. What it would convert wrongly is refused in the
source, and every twin is compared with a second conversion, which works on syntax trees.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.twins.explaining import explain
from tools.twins.folders import differences, write
from tools.twins.memory import Memory
from tools.twins.problems import RefusedError
from tools.twins.rendering import render
from tools.twins.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 1 if a source is refused or a twin differs."""
    options = _options(arguments)
    try:
        settings = Settings.load(options.root)
        if options.explain:
            sys.stdout.writelines(
                f"{line}\n" for line in explain(options.root, settings, options.explain)
            )
            return 0
        twins = render(options.root, settings)
        if options.check:
            return _check(options.root, settings, twins)
        return _generate(options.root, settings, twins, force=options.force)
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="compare, and write nothing")
    modes.add_argument("--explain", metavar="FILE", help="show a source and its twin side by side")
    modes.add_argument("--force", action="store_true", help="write over edits of twins too")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the project")
    return parser.parse_args(arguments)


def _check(project: Path, settings: Settings, twins: dict[str, bytes]) -> int:
    found = list(differences(project, settings, twins))
    sys.stderr.writelines(f"{text}\n" for text in found)
    sys.stdout.write(f"{len(found)} of {len(twins)} twins differ.\n")
    return 1 if found else 0


def _generate(project: Path, settings: Settings, twins: dict[str, bytes], *, force: bool) -> int:
    memory = Memory(project)
    edits = [] if force else list(memory.edits(settings, twins))
    if edits:
        raise RefusedError("\n".join(edits))
    done = write(project, settings, twins)
    memory.keep(twins)
    sys.stdout.write("".join(f"{line}\n" for line in done) or "Every twin is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
