"""How large data is, as each dialect spells it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite

from litestar_sessions._sql.measures import size_data, size_table
from litestar_sessions._sql.table import SessionTable
from tests.support.dialects import ORACLE
from tests.support.models import UserSession


@pytest.mark.parametrize(
    ("module", "spelling"),
    [
        (mssql, "datalength(user_sessions.data)"),
        (mysql, "length(user_sessions.data)"),
        (oracle, "dbms_lob.getlength(user_sessions.data)"),
        (postgresql, "octet_length(user_sessions.data)"),
        (sqlite, "length(user_sessions.data)"),
    ],
)
def test_bytes_are_counted_and_not_characters(module: Any, spelling: str) -> None:
    dialect = module.dialect()
    compiled = size_data(SessionTable(UserSession), dialect).compile(dialect=dialect)
    assert f"SELECT {spelling}" in str(compiled)


def test_a_dialect_that_does_not_tell_is_not_asked() -> None:
    assert size_table(SessionTable(UserSession), ORACLE) is None
