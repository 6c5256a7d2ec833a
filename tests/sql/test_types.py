"""What each database calls the types of the columns."""

from __future__ import annotations

import pytest
from sqlalchemy.schema import CreateTable

from litestar_sessions._sql.table import SessionTable
from tests.support.dialects import DIALECTS, sql
from tests.support.models import UserSession


@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        (
            "mysql",
            (
                "BINARY(16)",
                "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
                "LONGBLOB",
                "DATETIME(6)",
            ),
        ),
        ("oracle", ("RAW(16)", "VARCHAR2(255 CHAR)", "BLOB", "TIMESTAMP")),
        (
            "tsql",
            (
                "UNIQUEIDENTIFIER",
                "VARCHAR(255) COLLATE Latin1_General_BIN2",
                "IMAGE",
                "DATETIMEOFFSET",
            ),
        ),
        ("postgres", ("UUID", "VARCHAR(255)", "BYTEA", "TIMESTAMP WITH TIME ZONE")),
        ("sqlite", ("BLOB", "VARCHAR(255)", "BLOB", "DATETIME")),
    ],
)
def test_each_column_has_the_right_type(dialect: str, types: tuple[str, ...]) -> None:
    ddl = sql(CreateTable(SessionTable(UserSession).table), DIALECTS[dialect])
    for name, type_ in zip(("id", "session_id", "data", "expires_at"), types, strict=True):
        assert f"{name} {type_} NOT NULL" in ddl
