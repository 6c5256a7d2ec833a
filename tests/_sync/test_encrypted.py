# Generated from tests/_async/test_encrypted.py (make generate): edit that, not this.
"""A storage whose data is encrypted: the same contract, and nothing for who has only the table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from litestar_sessions import (
    SyncEncryptedSessionStorage,
    SyncSessionStorage,
    ConfigurationError,
    SessionDamagedError,
    StoredSession,
)
from litestar_sessions._sql.keys import StoredKey
from litestar_sessions._sql.seals import Seals
from tests.support.models import FullSession, UserSession

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from litestar_sessions._sql.details import SessionDetails
    from tests.support.clock import Clock

SECRET, NEXT, LAST = "first" * 8, "second" * 8, "third" * 8
DATA = b'{"user_id":"Ann"}'


def seals(*secrets: str, reads_plain: bool = False, table: str = "user_sessions") -> Seals:
    return Seals(secrets or [SECRET], table, reads_plain=reads_plain)


def open_encrypted(
    engine: Engine, clock: Clock, *secrets: str, reads_plain: bool = False
) -> SyncSessionStorage:
    """Return a storage for the same table with these secrets."""
    sealing = seals(*secrets, reads_plain=reads_plain)
    return SyncEncryptedSessionStorage(engine, UserSession, seals=sealing, clock=clock)


@pytest.fixture
def encrypted(storage: SyncSessionStorage, engine: Engine) -> SyncSessionStorage:
    """An empty storage that encrypts."""
    return SyncEncryptedSessionStorage(engine, UserSession, seals=seals(), clock=storage.clock)


def stored(engine: Engine, session_id: str) -> bytes:
    """Return what stands in the table as the data of a session."""
    with engine.begin() as connection:
        found = select(UserSession.data).where(UserSession.session_id == session_id)
        return bytes((connection.execute(found)).scalar_one())


def forge(engine: Engine, session_id: str, data: bytes) -> None:
    """Write data as somebody does who has only the table."""
    with engine.begin() as connection:
        forged = update(UserSession).where(UserSession.session_id == session_id)
        connection.execute(forged.values(data=data))


def data_of(storage: SyncSessionStorage, session_id: str) -> bytes | None:
    session = storage.load(session_id)
    return None if session is None else session.data


def test_data_is_not_in_the_table(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    encrypted.create("id", DATA, clock.after(minutes=1))
    encrypted.save("another", DATA, clock.after(minutes=1))
    one, other = stored(engine, "id"), stored(engine, "another")
    assert b"Ann" not in one + other
    assert one[-40:] != other[-40:]
    assert encrypted.load("id") == StoredSession(DATA, clock.after(minutes=1))


def test_what_the_table_has_is_found_by_every_verb_that_returns_a_session(
    encrypted: SyncSessionStorage, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    created = encrypted.create("id", DATA, expiry)
    assert created.data == DATA
    assert encrypted.load_many(["id", "none"]) == {"id": created}
    assert encrypted.load_and_touch("id", expiry) == created
    assert encrypted.reload(created) == created
    assert encrypted.reload(created, StoredKey(created.key)) == created
    assert encrypted.load("none") is None
    assert encrypted.load_and_touch("none", expiry) is None


@pytest.mark.parametrize("at", [0, 4, 5, 12, 40, 100, 110, -1])
def test_a_byte_that_was_changed_is_damage(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock, at: int
) -> None:
    encrypted.create("id", DATA, clock.after(minutes=1))
    data = bytearray(stored(engine, "id"))
    data[at] ^= 1
    forge(engine, "id", bytes(data))
    with pytest.raises(SessionDamagedError):
        data_of(encrypted, "id")
    encrypted.save("id", b"anew", clock.after(minutes=1))
    assert data_of(encrypted, "id") == b"anew"


@pytest.mark.parametrize("forged", [b"", DATA, b"\xc1ls\x01", b"\xc1ls\x01\x01" + bytes(500)])
def test_data_that_was_written_by_others_is_damage(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock, forged: bytes
) -> None:
    created = encrypted.create("id", DATA, clock.after(minutes=1))
    forge(engine, "id", forged)
    for found in (encrypted.load("id"), encrypted.reload(created)):
        assert found is not None
        assert (found.id, found.expires_at) == (created.id, created.expires_at)
        assert not found.is_readable
        with pytest.raises(SessionDamagedError):
            _ = found.data
    encrypted.delete("id")
    assert encrypted.load("id") is None


def test_the_data_of_another_row_is_damage(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    created = encrypted.create("id", DATA, clock.after(minutes=1))
    encrypted.create("rich", b"rich", clock.after(minutes=1))
    forge(engine, "id", stored(engine, "rich"))
    with pytest.raises(SessionDamagedError, match="tampered with"):
        data_of(encrypted, "id")
    both = encrypted.load_many(["id", "rich"])
    assert {key: each.is_readable for key, each in both.items()} == {"id": False, "rich": True}
    assert not encrypted.update("id", b"mine", None, expected=created)


def test_another_id_keeps_a_renewal_that_came_between(
    encrypted: SyncSessionStorage, clock: Clock
) -> None:
    loaded = encrypted.create("old", DATA, clock.after(minutes=1))
    encrypted.touch("old", clock.after(minutes=20))
    assert encrypted.update("old", b"new", None, expected=loaded, new_id="new")
    assert encrypted.load("new") == StoredSession(b"new", clock.after(minutes=20))


def test_the_data_of_another_table_is_damage(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    elsewhere = SyncEncryptedSessionStorage(
        engine, UserSession, seals=seals(table="other_sessions"), clock=clock
    )
    elsewhere.create("id", DATA, clock.after(minutes=1))
    with pytest.raises(SessionDamagedError):
        data_of(encrypted, "id")


def test_a_secret_is_exchanged_and_nobody_is_signed_out(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    for session_id in ("read", "changed", "rotated"):
        encrypted.create(session_id, DATA, expiry)
    both = open_encrypted(engine, clock, NEXT, SECRET)
    assert both.load("read") == StoredSession(DATA, expiry)
    loaded = both.load("changed")
    assert both.update("changed", b"new", None, expected=loaded)
    assert both.rotate("rotated", "rotated again")
    only = open_encrypted(engine, clock, NEXT)
    assert data_of(only, "changed") == b"new"
    assert data_of(only, "rotated again") == DATA
    with pytest.raises(SessionDamagedError, match=r"under [0-9a-f]{8}, which is not in data_keys"):
        data_of(only, "read")


def test_data_from_before_is_read_where_that_is_wanted_and_encrypted_when_written(
    storage: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    for session_id in ("read", "changed", "expected", "rotated"):
        storage.create(session_id, DATA, expiry)
    taking_over = open_encrypted(engine, clock, SECRET, reads_plain=True)
    loaded = taking_over.load("changed")
    assert loaded == StoredSession(DATA, expiry)
    assert taking_over.update("changed", b"new", None, expected=loaded)
    assert taking_over.update("expected", b"new", None, expected=DATA)
    assert taking_over.rotate("rotated", "rotated again")
    strict = open_encrypted(engine, clock)
    for session_id, data in (("changed", b"new"), ("expected", b"new"), ("rotated again", DATA)):
        assert data_of(strict, session_id) == data
    with pytest.raises(SessionDamagedError, match="read_unencrypted=True"):
        data_of(strict, "read")


@pytest.mark.parametrize("expects", [True, False])
def test_updating_needs_no_more_than_the_data_and_what_was_loaded_is_one_statement_less(
    encrypted: SyncSessionStorage, clock: Clock, expects: bool
) -> None:
    encrypted.create("id", DATA, clock.after(minutes=1))
    loaded = encrypted.load("id")
    assert encrypted.update("id", b"new", None, expected=DATA if expects else None)
    assert not encrypted.update("id", b"newer", None, expected=DATA)
    assert not encrypted.update("id", b"newer", None, expected=loaded)
    assert not encrypted.update("none", b"newer", None)
    assert data_of(encrypted, "id") == b"new"


def test_what_was_loaded_serves_for_all_that_is_saved_in_a_row(
    encrypted: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    expiry = clock.after(minutes=1)
    encrypted.create("0", b"0", expiry)
    both = open_encrypted(engine, clock, NEXT, SECRET)
    session = both.load("0")
    assert session is not None
    for number, new_id in enumerate([None, "2", None, "4", None], start=1):
        data, own_id = b"%d" % number, str(number - number % 2) if number > 1 else "0"
        session_id = own_id if new_id is None else str(number - 2)
        moment = None if new_id is None else expiry
        assert both.update(session_id, data, moment, expected=session, new_id=new_id)
        session = replace(session, data=data)
    assert both.load("4") == session


def test_a_config_without_secrets_has_nothing_that_encrypts(engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="no data_keys="):
        SyncEncryptedSessionStorage(engine, UserSession, seals=None)


def rotated(session_id: str, clock: Clock) -> SessionDetails:
    return {
        "former_session_id": session_id,
        "rotated_at": clock.now,
        "rights_changed_at": None,
    }


@pytest.fixture
def remembering(engine: Engine, clock: Clock) -> SyncSessionStorage:
    """An empty storage that remembers former IDs."""
    storage = SyncEncryptedSessionStorage(
        engine, FullSession, seals=seals(table="full_sessions"), clock=clock
    )
    storage.create_table()
    storage.delete_all()
    storage.create("old", DATA, clock.after(minutes=1))
    return storage


def test_who_has_the_former_id_has_the_session_where_that_is_remembered(
    remembering: SyncSessionStorage, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    assert remembering.rotate("old", "new", details=rotated("old", clock))
    late = (remembering.load_former(["old"], before))["old"]
    assert late.data == DATA
    assert remembering.update(StoredKey(late.key), b"late", None, expected=late)
    assert data_of(remembering, "new") == b"late"
    again = (remembering.load_former(["old"], before))["old"]
    assert again.data == b"late"
    assert remembering.reload(again, StoredKey(again.key)) == again


def test_who_has_the_former_id_has_nothing_where_rights_have_changed(
    remembering: SyncSessionStorage, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    by_rights: SessionDetails = {**rotated("old", clock), "rights_changed_at": clock.now}
    assert remembering.rotate("old", "new", details=by_rights)
    ((session_id, late),) = (remembering.load_former(["old"], before)).items()
    assert (session_id, late.is_readable) == ("old", False)
    assert remembering.rotate("new", "newer")
    assert remembering.load_former(["old", "new"], before) == {}
    assert data_of(remembering, "newer") == DATA


def test_replacing_data_leaves_the_session_to_who_has_the_former_id(
    remembering: SyncSessionStorage, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    assert remembering.rotate("old", "new", details=rotated("old", clock))
    loaded = remembering.load("new")
    assert loaded is not None
    remembering.save("new", b"replaced", clock.after(minutes=1))
    assert (remembering.load_former(["old"], before))["old"].data == b"replaced"
    again = remembering.reload(loaded, StoredKey(loaded.key))
    assert again is not None
    assert again.data == b"replaced"


def test_what_is_not_encrypted_yet_is_left_so_by_who_has_only_the_former_id(
    remembering: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    plain = SyncSessionStorage(engine, FullSession, clock=clock)
    plain.create("plain", DATA, clock.after(minutes=1))
    assert plain.rotate("plain", "present", details=rotated("plain", clock))
    sealing = seals(table="full_sessions", reads_plain=True)
    both = SyncEncryptedSessionStorage(engine, FullSession, seals=sealing, clock=clock)
    late = (both.load_former(["plain"], before))["plain"]
    assert both.update(StoredKey(late.key), b"late", None, expected=late)
    assert data_of(both, "present") == b"late"
    assert both.update("present", b"own", None, expected=b"late")
    assert data_of(remembering, "present") == b"own"


def test_rotating_what_is_not_encrypted_yet_leaves_it_to_who_has_the_former_id(
    remembering: SyncSessionStorage, engine: Engine, clock: Clock
) -> None:
    before = clock.after(seconds=-1)
    SyncSessionStorage(engine, FullSession, clock=clock).create(
        "plain", DATA, clock.after(minutes=1)
    )
    sealing = seals(table="full_sessions", reads_plain=True)
    both = SyncEncryptedSessionStorage(engine, FullSession, seals=sealing, clock=clock)
    assert both.rotate("plain", "present", details=rotated("plain", clock))
    assert (remembering.load_former(["plain"], before))["plain"].data == DATA
    assert data_of(remembering, "present") == DATA


def test_rotating_gives_up_where_details_are_not_as_expected(
    remembering: SyncSessionStorage,
) -> None:
    assert not remembering.rotate("old", "new", details={"lifetime_was": 5})
    assert remembering.load("new") is None
    assert remembering.rotate("old", "new", details={"lifetime_was": None})
