"""The test matrix: every Python that is found, with each SQLAlchemy that is supported."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SQLALCHEMYS = ("==2.0.41", "==2.0.*", "==2.1.*")


@nox.session(python=PYTHONS)
@nox.parametrize("sqlalchemy", SQLALCHEMYS)
def tests(session: nox.Session, sqlalchemy: str) -> None:
    """Run the tests."""
    session.install(*nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test"))
    session.install("--editable", ".", f"sqlalchemy{sqlalchemy}")
    session.run("python", "-m", "pytest", *session.posargs)
