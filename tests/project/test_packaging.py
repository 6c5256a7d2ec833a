"""What is shipped, what is exported, and what can be done without."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import litestar_sessions
from tools import unasync_build

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "litestar_sessions"
SOURCES = {
    path.relative_to(ROOT / "src").as_posix(): path.read_bytes()
    for path in [*PACKAGE.rglob("*.py"), PACKAGE / "py.typed"]
}

REFERENCE = {
    "AsyncSessionStorage",
    "SQLAlchemyAsyncConfig",
    "SQLAlchemyAsyncSessionBackend",
    "SQLAlchemySessionBackendBase",
    "SQLAlchemySyncConfig",
    "SQLAlchemySyncSessionBackend",
    "SessionModelMixin",
    "SyncSessionStorage",
}

WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
"""

LIFE = """
from datetime import datetime, timedelta, timezone
from litestar_sessions import SessionModelMixin, SQLAlchemySyncConfig, SyncSessionStorage

class UserSession(SessionModelMixin):
    __tablename__ = "user_sessions"

later = datetime.now(timezone.utc) + timedelta(hours=1)
storage = SyncSessionStorage(SQLAlchemySyncConfig("sqlite://").get_engine(), UserSession)
storage.create_table()
storage.create("id", b"data", later)
assert storage.load_and_touch("id", later).data == b"data"
assert storage.rotate("id", "new")
storage.delete("new")
assert storage.delete_expired() == 0
"""

NO_GREENLET = """
import asyncio
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar_sessions import SQLAlchemySyncConfig, SQLAlchemySyncSessionBackend, SessionModelMixin

class UserSession(SessionModelMixin):
    __tablename__ = "user_sessions"

config = SQLAlchemySyncConfig("sqlite://", create_all=True)
backend = SQLAlchemySyncSessionBackend(ServerSideSessionConfig(), config, UserSession)
asyncio.run(backend.set("id", b"data"))
assert asyncio.run(backend.get("id")) == b"data"

from litestar_sessions import SessionPlugin
backend = SessionPlugin("sqlite://").config.create_backend()
asyncio.run(backend.set("id", b"data"))
assert asyncio.run(backend.get("id")) == b"data"

try:
    from litestar_sessions import SQLAlchemyAsyncConfig
    asyncio.run(SQLAlchemyAsyncConfig("sqlite+aiosqlite://").create_tables())
except (ImportError, ValueError) as error:  # SQLAlchemy's own, with the remedy
    assert "greenlet" in str(error), error
else:
    raise AssertionError
"""

NO_DRIVER = """
from litestar_sessions import ConfigurationError, SQLAlchemySyncConfig
try:
    SQLAlchemySyncConfig("mysql+pymysql://user:secret@host/database")
except ConfigurationError as error:
    assert "pip install pymysql" in str(error), error
else:
    raise AssertionError
"""


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_the_wheel_has_both_halves_and_the_types(distributions: Path) -> None:
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as wheel:
        shipped = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == SOURCES


def test_the_sdist_has_what_it_takes_to_build_and_to_test(distributions: Path) -> None:
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {f"src/{name}" for name in SOURCES} <= names
    needed = {"pyproject.toml", "Makefile", "README.md", "LICENSE", "tools/unasync_build.py"}
    assert needed <= names
    assert {"tests/_async/test_storage.py", "tests/_sync/test_storage.py"} <= names
    assert not any(".venv" in name or name.endswith(".db") for name in names)


def test_the_twins_in_both_are_rendered_from_their_own_sources(
    distributions: Path, tmp_path: Path
) -> None:
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert unasync_build.main(["--check", "--root", str(unpacked)]) == 0
    shutil.rmtree(unpacked / "src")
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as wheel:
        wheel.extractall(unpacked / "src")
    assert unasync_build.main(["--check", "--root", str(unpacked)]) == 0


def test_the_metadata_asks_for_no_driver_and_no_greenlet(distributions: Path) -> None:
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
        metadata = wheel.read(name).decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    always = [line.split()[1] for line in required if "extra ==" not in line]
    assert [name.partition("<")[0].partition(">")[0] for name in always] == [
        "litestar",
        "sqlalchemy",
        "uuid-utils",
    ]
    assert "Requires-Python: >=3.10" in metadata


def test_the_extra_for_aiomysql_bounds_the_driver_below_it(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("/METADATA")]
        asked = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    wanted = [Requirement(each) for each in asked if "extra == 'aiomysql'" in each]
    (pymysql,) = [each for each in wanted if each.name == "pymysql"]
    # From 1.2.1 on aiomysql 0.3.2 cannot be imported or saves nothing.
    allowed = ["1.2.0", "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.3.0"]
    assert list(pymysql.specifier.filter(allowed)) == ["1.2.0"]


def test_every_public_name_can_be_imported_from_the_root() -> None:
    assert set(litestar_sessions.__all__) >= REFERENCE
    for name in litestar_sessions.__all__:
        assert getattr(litestar_sessions, name).__name__ == name
        assert name in dir(litestar_sessions)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        litestar_sessions.nothing  # noqa: B018 - the access is the test


@pytest.mark.parametrize(
    ("blocked", "script"),
    [
        ({"litestar", "greenlet", "aiosqlite", "asyncpg", "asyncmy"}, LIFE),
        ({"greenlet", "advanced_alchemy"}, NO_GREENLET),
        ({"pymysql"}, NO_DRIVER),
    ],
    ids=["no Litestar and nothing async", "no greenlet", "no driver"],
)
def test_what_is_not_needed_is_not_imported(blocked: set[str], script: str) -> None:
    program = WITHOUT.format(blocked=blocked) + script
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)
