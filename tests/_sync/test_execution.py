# Generated from tests/_async/test_execution.py (make generate): edit that, not this.
"""Verbs that meet a connection which died while it was in the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from litestar_sessions import SyncSessionStorage, StoredSession
from tests.support.models import MissingSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.support.clock import Clock
    from tests.support.databases import Database


def test_no_verb_notices_that_its_connection_has_died(
    storage: SyncSessionStorage, sync_database: Database, clock: Clock
) -> None:
    expires_at = clock.after(minutes=20)
    renewed = StoredSession(b"data", expires_at)

    sync_database.cut()
    assert storage.create("id", b"data", expires_at) == renewed
    sync_database.cut()
    assert storage.load("id") == renewed
    sync_database.cut()
    assert storage.load_and_touch("id", expires_at) == renewed
    sync_database.cut()
    assert storage.touch("id", expires_at)
    sync_database.cut()
    assert storage.update("id", b"new", expires_at, expected=b"data", new_id="new id")
    sync_database.cut()
    assert storage.rotate("new id", "id")
    sync_database.cut()
    storage.save("id", b"data", expires_at)
    sync_database.cut()
    storage.delete("id")
    sync_database.cut()
    assert storage.delete_expired() == 0
    sync_database.cut()
    assert storage.delete_all() == 0


def test_an_error_names_no_session_id_and_no_data(engine: Engine, clock: Clock) -> None:
    storage = SyncSessionStorage(engine, MissingSession, clock=clock)
    with pytest.raises(DBAPIError) as raised:
        storage.load("secret-id")
    assert "secret" not in str(raised.value)
    with pytest.raises(DBAPIError) as raised:
        storage.save("secret-id", b"secret-data", clock.after(minutes=20))
    assert "secret" not in str(raised.value)
