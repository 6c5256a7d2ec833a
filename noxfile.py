"""The test matrix: every Python that is found, with each SQLAlchemy that is supported.

And what `pyproject.toml` declares as the lowest version of each dependency.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SQLALCHEMYS = ("2.0.43", "2.0.*", "2.1.*")
PYTHONS_OF_2_1 = PYTHONS[1:]

# The extras whose drivers the tests run on. Nothing is built from source.
DRIVERS = ("aiosqlite", "asyncpg", "asyncmy", "psycopg-binary", "pymysql")
LOWEST = (
    *("--resolution=lowest-direct", "--only-binary=:all:"),
    *(f"--extra={extra}" for extra in (*DRIVERS, "encryption")),
)
BESIDE_LOWEST = (
    "advanced-alchemy<1.8",  # 1.10 needs a newer Litestar, 1.9 warns of itself, 1.8 needs argon2
    "sniffio",  # Litestar before 2.19 imports it, and anyio no longer brings it
)
# rich-click 1.9 warns of several things that Litestar 2.16 passes to it.
NO_ERROR_WITH_LOWEST = "ignore::PendingDeprecationWarning"
TESTED_WITH_LOWEST = ("_async", "_sync", "drivers", "requests", "sql", "test_*.py")
OF_ITS_MIGRATIONS = "test_what_advanced_alchemy_generates_runs_and_the_next_one_is_empty"
LEFT_OUT = {
    "tests/drivers/test_forks.py": "starts servers, which take longer than all that they are asked",
    "tests/drivers/test_same_program.py": "compares the halves, whatever they stand on",
    "tests/test_plugin.py::test_a_misspelt_setting_is_found_by_a_type_checker": "runs mypy",
    f"tests/test_migrations.py::{OF_ITS_MIGRATIONS}": (
        "fails with that Advanced Alchemy, which creates tables of other tests too"
    ),
}
"""What is left to the run with the newest versions, and why."""


_PRECISE = "needs microseconds, and Firebird keeps ten thousandths of a second"
DIALECTS = {
    "duckdb": {},
    "firebird+firebird": {
        "test_histories.py": _PRECISE,
        "test_storage.py::test_a_session_is_live_until_the_microsecond_of_its_expiry": _PRECISE,
        "test_storage_deletions.py::test_deleting_the_expired_removes_exactly_those": _PRECISE,
        "test_storage.py::test_a_column_that_nobody_fills_is_not_taken_for_a_known_id": (
            "expects the name of a column, which Firebird does not tell of a constraint"
        ),
        "test_measuring.py": "uses window functions, which sqlalchemy-firebird spells wrong",
        "test_owned.py": "has owners of None, which sqlalchemy-firebird does not take for bytes",
        "test_tables.py": "drops tables by a statement that Firebird 3 does not have",
    },
}
"""Further drivers, and what is not run on them, and why."""
DIALECTS_NEED = (3, 11)
OTHER_WITH_FIREBIRD = ("matplotlib", "python-dateutil")  # its driver is for python-dateutil 2


@nox.session(python=PYTHONS)
@nox.parametrize("sqlalchemy", SQLALCHEMYS)
def tests(session: nox.Session, sqlalchemy: str) -> None:
    """Run the tests, with the newest of everything that is not given."""
    if sqlalchemy == "2.1.*" and session.python not in PYTHONS_OF_2_1:
        session.skip("SQLAlchemy 2.1 is for Python 3.11 and later")
    session.install("--group", "test", "--editable", ".", f"sqlalchemy=={sqlalchemy}")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests on the lowest versions that are declared and have a wheel for this Python."""
    folder = Path(session.create_tmp())
    beside, given, pinned = (folder / name for name in ("beside.txt", "given.txt", "pinned.txt"))
    beside.write_text("\n".join(BESIDE_LOWEST))
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--no-annotate", "--no-header"),
        *("--python", f"{session.bin}/python", "--constraint", str(beside), *LOWEST),
        *("--output-file", str(given)),
        silent=True,
    )
    pinned.write_text(_without(given.read_text(), Path("constraints.txt").read_text()))
    session.install(
        *("--group", "test", "--editable", f".[{','.join(DRIVERS)}]", *BESIDE_LOWEST),
        *("--constraint", str(given), "--constraint", str(pinned)),
    )
    for path, reason in LEFT_OUT.items():
        session.log(f"Not run: {path}, which {reason}.")
    chosen = session.posargs or [
        *(str(path) for name in TESTED_WITH_LOWEST for path in sorted(Path("tests").glob(name))),
        *(f"--deselect={path}" for path in LEFT_OUT),
        *("--numprocesses=auto", "--dist=worksteal"),
    ]
    session.run("python", "-m", "pytest", f"-W{NO_ERROR_WITH_LOWEST}", *chosen)


@nox.session
def dialects(session: nox.Session) -> None:
    """Run the contract of a storage on databases that the other tests leave out."""
    if sys.version_info < DIALECTS_NEED:
        session.skip("DuckDB 2 and sqlalchemy-firebird 2.2 are for Python 3.11 and later")
    pinned = Path(session.create_tmp()) / "pinned.txt"
    pinned.write_text(_without("\n".join(OTHER_WITH_FIREBIRD), Path("constraints.txt").read_text()))
    session.install(
        *("--group", "test", "--editable", ".[duckdb,firebird]"),
        *("--constraint", str(pinned)),
    )
    for driver, left_out in DIALECTS.items():
        for path, reason in left_out.items():
            session.log(f"Not run on {driver}: {path}, which {reason}.")
        session.run(
            *("python", "-m", "pytest", "-rs", "tests/_sync", *session.posargs),
            *(f"--deselect=tests/_sync/{path}" for path in left_out),
            env={"SYNC_DRIVERS": driver},
        )


def _without(given: str, pins: str) -> str:
    """Return the pins of what is not given otherwise."""
    names = {_name(each) for each in (*given.splitlines(), *BESIDE_LOWEST)}
    return "\n".join(pin for pin in pins.splitlines() if _name(pin) not in names)


def _name(requirement: str) -> str:
    return re.split("[<=>]", requirement, maxsplit=1)[0]
