"""Migrations that Alembic generates: they run as they are, and the next one is empty."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from advanced_alchemy.alembic.commands import AlembicCommands
from advanced_alchemy.base import DefaultBase, metadata_registry
from advanced_alchemy.extensions.litestar import SQLAlchemySyncConfig as TheirSyncConfig
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import Session, SessionModelMixin, SQLAlchemySyncConfig, SyncSessionStorage
from litestar_sessions.migrations import leave_out, register
from litestar_sessions.model import UUIDv7Base
from tests.support.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.support.databases import Database


class MigratedBase(DeclarativeBase):
    metadata = MetaData(naming_convention=UUIDv7Base.metadata.naming_convention)


class MigratedSession(SessionModelMixin, MigratedBase):
    __tablename__ = "migrated_by_alembic"


class Thing(MigratedBase):
    """A table of the application, with which sessions have nothing to do."""

    __tablename__ = "migrated_things"
    id: Mapped[int] = mapped_column(primary_key=True)


class SessionOfTheirBase(SessionModelMixin, DefaultBase):
    __tablename__ = "migrated_by_advanced_alchemy"


ROOT = Path(__file__).parents[1]
register()  # what else does it is seen below
OURS = {"migrated_by_alembic", "migrated_things", "migrated_by_advanced_alchemy"}


@pytest.fixture
def engine(sync_database: Database) -> Iterator[Engine]:
    """A database without the tables that are migrated here."""
    engine = create_engine(sync_database.url)
    MigratedBase.metadata.drop_all(engine)
    SessionOfTheirBase.__table__.drop(engine, checkfirst=True)  # type: ignore[attr-defined]  # a Table
    with engine.begin() as connection:
        for version_table in ("alembic_version", "alembic_versions", "ddl_version"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {version_table}")
    yield engine
    engine.dispose()


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def only_what_is_tested(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in OURS


def alembic_config(folder: Path, engine: Engine, metadata: Any) -> Config:
    """What Alembic's own template makes, with the metadata of the application."""
    command.init(Config(folder / "alembic.ini"), str(folder / "migrations"))
    env = folder / "migrations" / "env.py"
    text = env.read_text(encoding="utf-8")
    text = text.replace("target_metadata = None", 'target_metadata = config.attributes["metadata"]')
    name = 'target_metadata=target_metadata, include_name=config.attributes["include_name"]'
    text = text.replace("target_metadata=target_metadata", name)
    env.write_text(text, encoding="utf-8")
    config = Config()  # without the file, whose logging would be that of the tests
    config.set_main_option("script_location", str(folder / "migrations"))
    config.set_main_option("sqlalchemy.url", url_of(engine).replace("%", "%%"))
    config.attributes.update(metadata=metadata, include_name=only_what_is_tested)
    return config


def only_file(folder: Path, message: str) -> str:
    (file,) = folder.glob(f"**/versions/*_{message}.py")
    return file.read_text(encoding="utf-8")


def use(engine: Engine, model: type[Any]) -> None:
    """See that the table holds sessions, exactly."""
    storage = SyncSessionStorage(engine, model, clock=Clock())
    expires_at = Clock()().replace(year=2100, microsecond=123_456)
    for session_id in ("ABC", "abc"):
        storage.create(session_id, session_id.encode() * 50_000, expires_at)
    loaded = storage.load("abc")
    assert loaded is not None
    assert (loaded.data, loaded.expires_at) == (b"abc" * 50_000, expires_at)


def test_what_alembic_generates_runs_and_the_next_one_is_empty(
    engine: Engine, tmp_path: Path
) -> None:
    config = alembic_config(tmp_path, engine, MigratedBase.metadata)
    command.revision(config, "first", autogenerate=True)
    assert "\nimport litestar_sessions.columns\n" in only_file(tmp_path, "first")
    command.upgrade(config, "head")
    use(engine, MigratedSession)
    command.check(config)
    command.revision(config, "second", autogenerate=True)
    second = only_file(tmp_path, "second")
    assert second.count("    pass\n") == 2
    assert "litestar_sessions" not in second
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    assert not inspect(engine).has_table(MigratedSession.__tablename__)


def test_what_advanced_alchemy_generates_runs_and_the_next_one_is_empty(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = metadata_registry.get(tmp_path.name)
    SessionOfTheirBase.__table__.to_metadata(metadata)  # type: ignore[attr-defined]  # a Table
    config = TheirSyncConfig(connection_string=url_of(engine), bind_key=tmp_path.name)
    monkeypatch.chdir(tmp_path)
    commands = AlembicCommands(config)
    commands.init(str(tmp_path / "migrations"))
    env = tmp_path / "migrations" / "env.py"
    text = env.read_text(encoding="utf-8")
    include = f"include_name=lambda name, kind, _: kind != 'table' or name in {OURS}"
    text = text.replace("connection=connection,", f"connection=connection, {include},")
    env.write_text(text, encoding="utf-8")
    commands.revision(message="first", autogenerate=True)
    first = only_file(tmp_path, "first")
    assert "sa.UUIDKey = litestar_sessions.columns.UUIDKey" in first
    commands.upgrade()
    use(engine, SessionOfTheirBase)
    commands.revision(message="second", autogenerate=True)
    assert "litestar_sessions" not in only_file(tmp_path, "second")
    commands.upgrade()
    commands.downgrade("base")
    assert not inspect(engine).has_table(SessionOfTheirBase.__tablename__)


AUTOGENERATE = """
from sqlalchemy import create_engine
from litestar_sessions import Session
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
with create_engine("sqlite://").connect() as connection:
    context = MigrationContext.configure(connection)
    operations = produce_migrations(context, Session.metadata).upgrade_ops
    print(render_python_code(operations, migration_context=context))
from alembic.autogenerate import renderers
from alembic.operations import ops
assert hasattr(renderers.dispatch(ops.CreateTableOp), "imports_sessions")
"""


def test_models_may_be_imported_before_alembic(tmp_path: Path) -> None:
    section = r'^\[project\.entry-points\."alembic\.plugins"\]\n"(.+)" = "(.+)"$'
    declared = re.search(section, (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert declared is not None
    installed = tmp_path / "litestar_sessions-9.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: litestar-sessions\nVersion: 9\n", encoding="utf-8")
    text = f"[alembic.plugins]\n{declared[1]} = {declared[2]}\n"
    (installed / "entry_points.txt").write_text(text, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    run = [sys.executable, "-c", AUTOGENERATE]
    output = subprocess.check_output(run, text=True, env={**os.environ, "PYTHONPATH": path})
    assert "litestar_sessions.columns.UUIDKey()" in output


def test_models_may_be_imported_after_alembic() -> None:
    program = AUTOGENERATE.replace("\n", "\nimport alembic.autogenerate\n", 1)
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_column_that_is_added_or_changed_imports_its_type(tmp_path: Path, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE migrated_by_alembic (id INTEGER PRIMARY KEY)")
    config = alembic_config(tmp_path, engine, MigratedBase.metadata)
    command.revision(config, "changed", autogenerate=True)
    text = only_file(tmp_path, "changed")
    assert "\nimport litestar_sessions.columns\n" in text
    assert "op.add_column('migrated_by_alembic', sa.Column('session_id'" in text
    assert "type_=litestar_sessions.columns.UUIDKey()" in text


def test_a_table_of_the_one_liner_is_not_dropped(tmp_path: Path) -> None:
    config = SQLAlchemySyncConfig(f"sqlite:///{tmp_path}/app.db")
    config.create_tables(Session.metadata)
    with config.get_engine().connect() as connection:
        for options, dropped in (({}, True), ({"include_name": leave_out()}, False)):
            context = MigrationContext.configure(connection, opts=options)
            names = {
                difference[1].name
                for difference in compare_metadata(context, MetaData())
                if difference[0] == "remove_table"
            }
            assert ("litestar_sessions" in names) is dropped
        both = MigrationContext.configure(connection, opts={"include_name": leave_out("x", "y")})
        left = {d[1].name for d in compare_metadata(both, MetaData()) if d[0] == "remove_table"}
        assert "litestar_sessions" in left
    config.dispose()


def test_sessions_import_no_alembic() -> None:
    program = "import sys, litestar_sessions as s; s.Session, s.SessionPlugin; print(*sys.modules)"
    output = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert "alembic" not in output.split()
