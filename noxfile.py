"""The test matrix: every Python that is found, with each SQLAlchemy that is supported."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SQLALCHEMYS = ("2.0.43", "2.0.*", "2.1.*")
PYTHONS_OF_2_1 = PYTHONS[1:]


@nox.session(python=PYTHONS)
@nox.parametrize("sqlalchemy", SQLALCHEMYS)
def tests(session: nox.Session, sqlalchemy: str) -> None:
    """Run the tests, with the newest of everything that is not given."""
    if sqlalchemy == "2.1.*" and session.python not in PYTHONS_OF_2_1:
        session.skip("SQLAlchemy 2.1 is for Python 3.11 and later")
    session.install("--group", "test", "--editable", ".", f"sqlalchemy=={sqlalchemy}")
    session.run("python", "-m", "pytest", *session.posargs)
