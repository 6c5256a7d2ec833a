"""What each database can do."""

from __future__ import annotations

import pytest

from litestar_sessions import (
    ConfigurationError,
    SaveBy,
    SQLAlchemySessionBackendBase,
)
from litestar_sessions._sql.dialects import way_to_save
from litestar_sessions._sql.statements import SessionStatements
from tests.support.dialects import MYSQL, ORACLE, dialect_named
from tests.support.models import UserSession


@pytest.mark.parametrize(
    "name", ["postgresql", "cockroachdb", "sqlite", "mysql", "mariadb", "duckdb"]
)
def test_these_dialects_upsert(name: str) -> None:
    supports_upsert = SQLAlchemySessionBackendBase.supports_upsert
    assert supports_upsert(dialect_named(name))
    assert not supports_upsert(dialect_named(name), force_disable_upsert=True)
    assert not SQLAlchemySessionBackendBase.supports_merge(dialect_named(name))
    is_duckdb = name == "duckdb"  # whose upserts fail if two run at once
    way = SaveBy.LOOK_THEN_WRITE if is_duckdb else SaveBy.UPSERT
    assert way_to_save(dialect_named(name)) is way


@pytest.mark.parametrize("name", ["oracle", "mssql"])
def test_these_dialects_merge(name: str) -> None:
    supports_merge = SQLAlchemySessionBackendBase.supports_merge
    assert supports_merge(dialect_named(name))
    assert not supports_merge(dialect_named(name), force_disable_merge=True)
    assert not SQLAlchemySessionBackendBase.supports_upsert(dialect_named(name))
    assert way_to_save(dialect_named(name)) is SaveBy.MERGE


def test_any_other_dialect_looks_and_then_writes() -> None:
    assert way_to_save(dialect_named("spanner+spanner")) is SaveBy.LOOK_THEN_WRITE
    assert SessionStatements(UserSession, dialect_named("spanner+spanner")).save is None


def test_a_way_to_save_that_a_dialect_does_not_have_is_refused() -> None:
    assert way_to_save(MYSQL, SaveBy.LOOK_THEN_WRITE) is SaveBy.LOOK_THEN_WRITE
    for dialect, way in ((MYSQL, SaveBy.MERGE), (ORACLE, SaveBy.UPSERT)):
        with pytest.raises(ConfigurationError, match="leave save_by out"):
            SessionStatements(UserSession, dialect, way)


def test_no_dialect_supports_nothing() -> None:
    assert not SQLAlchemySessionBackendBase.supports_upsert()
    assert not SQLAlchemySessionBackendBase.supports_merge(None)
