"""Programs in processes of their own, which need not import anew what all of them import.

An interpreter that has imported Litestar and SQLAlchemy is forked for each; so a program sees
nothing of the tests' process nor of other programs, and starts in hundredths of a second. What is
about imports, or about the end of an interpreter, has to start one of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *(__name__, "litestar.testing", "litestar_sessions", "litestar_sessions.plugin"),
        *("sqlalchemy.orm", "sqlalchemy.ext.asyncio", "aiosqlite", "asyncpg", "psycopg", "uvicorn"),
    ]
)


def run_program(
    *command: str, folder: Path, env: dict[str, str] | None = None, timeout: float = 60
) -> CompletedProcess[str]:
    """Run what would follow ``python`` on a command line: a file, or ``-m`` and a module."""
    with TemporaryDirectory() as outputs:
        out, err = paths = [Path(outputs, "stdout"), Path(outputs, "stderr")]
        arguments = (command, folder, dict(os.environ if env is None else env), paths)
        process = _CONTEXT.Process(target=_be, args=arguments)
        process.start()
        process.join(timeout)
        try:
            assert process.exitcode is not None, f"{command} is not done after {timeout} seconds"
            return CompletedProcess(command, process.exitcode, out.read_text(), err.read_text())
        finally:
            process.kill()


def output_of(*command: str, folder: Path) -> str:
    """Return what a program prints, which has to end well."""
    ended = run_program(*command, folder=folder)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _be(command: tuple[str, ...], folder: Path, env: dict[str, str], outputs: list[Path]) -> None:
    for descriptor, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    if command[0] == "-m":
        sys.path.insert(0, str(folder))
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(command[0]).parent))
        sys.argv = list(command)
        runpy.run_path(command[0], run_name="__main__")
