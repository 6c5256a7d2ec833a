"""The session config: what it refuses, how it spells IDs, and when a session ends."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import (
    ConfigurationError,
    Session,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
    UUIDv7Base,
)
from tests.support.models import UserSession
from tests.support.site import MAX_AGE, open_site

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.databases import Database

OLD, NEW = "an old secret " * 4, b"a new secret " * 4


def configured(**settings: Any) -> SQLAlchemySessionConfig:
    return SQLAlchemySessionConfig(alchemy_config=SQLAlchemySyncConfig("sqlite://"), **settings)


def test_the_defaults_are_those_of_litestar_and_safe() -> None:
    config = configured()
    assert config.model is Session
    assert Session.__tablename__ == "litestar_sessions"
    assert Session.metadata is UUIDv7Base.metadata
    assert (config.key, config.max_age, config.httponly, config.samesite) == (
        *("session", 14 * 86_400, True, "lax"),
    )
    assert config.renew_on_access
    assert config.policy.renewal_interval == timedelta(days=1.4)
    assert configured(renew_on_access=False).policy.renewal_interval is None
    assert configured(renewal_interval=60).policy.renewal_interval == timedelta(minutes=1)


def test_the_engine_decides_which_half_serves() -> None:
    for alchemy_config, backend in (
        (SQLAlchemyAsyncConfig("sqlite+aiosqlite://"), SQLAlchemyAsyncSessionBackend),
        (SQLAlchemySyncConfig("sqlite://"), SQLAlchemySyncSessionBackend),
    ):
        config = SQLAlchemySessionConfig(alchemy_config=alchemy_config)
        assert type(config.create_backend()) is backend


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"key": "__Host-id", "secure": True, "domain": "example.com"}, "has no domain"),
        ({"key": "__Host-id", "secure": True, "path": "/app"}, "needs path='/'"),
        ({"key": "__Host-id"}, "needs secure=True"),
        ({"key": "__host-id"}, "needs secure=True"),
        ({"key": "__Secure-id"}, "needs secure=True"),
        ({"samesite": "none"}, "set secure=True"),
        ({"samesite": "None"}, "choose one of them"),
        ({"key": "my session"}, "use letters"),
        ({"key": "path"}, "not the name of an attribute"),
        ({"key": ""}, "use letters"),
        ({"path": "app"}, "begin with a slash"),
        ({"path": "/a; Secure"}, "neither semicolons"),
        ({"domain": "exämple.com"}, "in ASCII"),
        ({"max_age": 0}, "at least 1"),
        ({"max_age": -5}, "at least 1"),
        ({"max_age": 10**12}, r"limit is \d+"),
        ({"absolute_timeout": 0}, "at least 1"),
        ({"absolute_timeout": -1}, "at least 1"),
        ({"absolute_timeout": 10**12}, r"limit is \d+"),
        ({"database_timeout": 0}, "leave it out for 10"),
        ({"renewal_interval": -1}, "leave it out for a tenth"),
        ({"renewal_interval": 100, "max_age": 100}, "renew_on_access=False"),
        ({"session_id_bytes": 15}, "leave it out for 32"),
        ({"session_id_bytes": 128}, "leave it out for 32"),
        ({"on_conflict": "ignore"}, "choose one of them"),
        ({"take_over": "md5"}, "leave it out"),
        ({"session_id_keys": ["short"]}, "token_hex"),
        ({"session_id_keys": [OLD], "hash_session_ids": False}, "leave them out"),
        ({"model": object}, "SessionModelMixin"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_the_remedy(
    settings: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ConfigurationError, match=remedy):
        configured(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"key": "__Host-id", "secure": True},
        {"key": "__Secure-id", "secure": True, "domain": "example.com", "path": "/app"},
        {"samesite": "none", "secure": True},
        {"renewal_interval": 0},
        {"absolute_timeout": 1, "max_age": 1},
        {"session_id_bytes": 16},
    ],
)
def test_what_can_work_is_accepted(settings: dict[str, Any]) -> None:
    configured(**settings)


def test_a_config_that_is_printed_shows_no_secret() -> None:
    assert "secret" not in repr(configured(session_id_keys=[NEW, OLD]))


def test_a_copy_shares_the_engine() -> None:
    config = configured(session_id_keys=[NEW])
    duplicate = deepcopy(config)
    assert duplicate == config
    assert duplicate is not config
    assert duplicate.engine is config.engine


def test_engine_and_model_are_said_once() -> None:
    config = configured()
    with pytest.raises(ConfigurationError, match="leave them out here"):
        SQLAlchemySyncSessionBackend(config, SQLAlchemySyncConfig("sqlite://"), Session)
    with pytest.raises(ConfigurationError, match="or a SQLAlchemySessionConfig"):
        SQLAlchemySyncSessionBackend(ServerSideSessionConfig())


def test_an_absolute_timeout_needs_keys_that_tell_the_time() -> None:
    class Base(DeclarativeBase):
        pass

    class Numbered(Base):
        __tablename__ = "numbered"
        id: Mapped[int] = mapped_column(primary_key=True)
        session_id: Mapped[str] = mapped_column(unique=True)
        data: Mapped[bytes]
        expires_at: Mapped[datetime]

    configured(model=Numbered)
    with pytest.raises(ConfigurationError, match="derive it from SessionModelMixin"):
        configured(model=Numbered, absolute_timeout=3_600)


async def test_the_table_holds_digests_which_are_no_ids(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "sha256:"),
        ({"session_id_keys": [NEW]}, "hmac-sha256:"),
    ]
    for settings, prefix in cases:
        async with open_site(database.url, is_async=is_async, clock=clock, **settings) as site:
            async with site.visitor() as client:
                await client.post("/set", json={"user": "Ann"})
                session_id = client.cookies["session"]
                assert (await client.get("/")).json() == {"user": "Ann"}
            [key] = await site.keys()
            assert key.startswith(prefix)
            assert session_id not in key
            for stolen in (key, key.removeprefix(prefix)):
                async with site.visitor(stolen) as thief:
                    assert (await thief.get("/")).json() == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"hash_session_ids": False}, {"take_over": "plain"}),
        ({}, {"session_id_keys": [NEW], "take_over": "sha256"}),
        ({"session_id_keys": [OLD]}, {"session_id_keys": [NEW, OLD]}),
        ({}, {"hash_session_ids": False, "take_over": "sha256"}),
    ],
)
async def test_a_new_spelling_of_ids_signs_nobody_out(
    any_database: tuple[bool, Database],
    clock: Clock,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    is_async, database = any_database
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock}
    async with open_site(database.url, **arguments, **before) as old:
        visitors = [old.visitor() for _ in range(5)]
        for number, client in enumerate(visitors):
            await client.post("/set", json={"number": number})
        ids = [client.cookies["session"] for client in visitors]
        old_keys = set(await old.keys())
        async with open_site(database.url, empty=False, **arguments, **after) as new:
            reader, writer, renewer, rotator, leaver = map(new.visitor, ids)
            assert (await reader.get("/")).json() == {"number": 0}
            await writer.post("/set", json={"changed": True})
            assert (await writer.get("/")).json() == {"number": 1, "changed": True}
            await rotator.post("/rotate", json={})
            assert (await rotator.get("/")).json() == {"number": 3}
            await leaver.post("/clear")
            assert (await leaver.get("/")).json() == {}
            clock.advance(seconds=MAX_AGE / 2)
            assert (await renewer.get("/")).json() == {"number": 2}
            # Only the session that was not written is under its former key.
            assert len(set(await new.keys()) & old_keys) == 1
            await new.backend.set(ids[0], b'{"number":9}')
            assert (await reader.get("/")).json() == {"number": 9}
            assert len(await new.keys()) == 4
            assert not set(await new.keys()) & old_keys


async def test_a_busy_session_ends_with_the_absolute_timeout(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    limit = int(2.5 * MAX_AGE)
    async with (
        open_site(database.url, is_async=is_async, clock=clock, absolute_timeout=limit) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        for step in range(4):
            clock.advance(seconds=MAX_AGE / 2)
            path = "/rotate" if step == 1 else "/set"
            assert (await client.post(path, json={"step": step})).status_code == 201
            assert (await client.get("/")).json()["user"] == "Ann"
        clock.advance(seconds=MAX_AGE / 2 - 1)
        assert (await client.get("/")).json()["user"] == "Ann"
        clock.advance(seconds=1)
        assert (await client.get("/")).json() == {}
        # The next one has a life of its own.
        await client.post("/set", json={"user": "Bob"})
        clock.advance(seconds=MAX_AGE - 1)
        assert (await client.get("/")).json() == {"user": "Bob"}


async def test_the_cookie_ends_with_the_absolute_timeout_too(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    async with (
        open_site(
            database.url, is_async=is_async, clock=clock, absolute_timeout=MAX_AGE + 200
        ) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=500)
        assert f"Max-Age={MAX_AGE - 300};" in (await client.get("/")).headers["set-cookie"]
        clock.advance(seconds=500)
        assert "set-cookie" not in (await client.get("/")).headers
        response = await client.post("/set", json={"user": "Bob"})
        assert "Max-Age=200;" in response.headers["set-cookie"]


async def test_an_absolute_timeout_that_is_new_holds_for_sessions_that_are_old(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    arguments: dict[str, Any] = {"is_async": is_async, "clock": clock}
    async with open_site(database.url, **arguments) as unlimited:
        async with unlimited.visitor() as client:
            await client.post("/set", json={"user": "Ann"})
            session_id = client.cookies["session"]
        clock.advance(seconds=500)
        async with (
            open_site(database.url, empty=False, absolute_timeout=600, **arguments) as limited,
            limited.visitor(session_id) as client,
        ):
            assert (await client.get("/")).json() == {"user": "Ann"}
            clock.advance(seconds=100)
            assert (await client.get("/")).json() == {}


async def test_without_renewal_a_session_is_counted_from_its_last_change(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    async with (
        open_site(database.url, is_async=is_async, clock=clock, renew_on_access=False) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=MAX_AGE - 1)
        assert "set-cookie" not in (await client.get("/")).headers
        await client.post("/set", json={"user": "Bob"})
        clock.advance(seconds=MAX_AGE - 1)
        assert (await client.get("/")).json() == {"user": "Bob"}
        clock.advance(seconds=1)
        assert (await client.get("/")).json() == {}


async def test_a_cookie_has_the_attributes_of_the_config_when_it_is_cleared_too(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    attributes: dict[str, Any] = {
        "secure": True,
        "path": "/",
        "domain": "sessions.test",
        "samesite": "strict",
    }
    async with open_site(
        database.url, is_async=is_async, clock=clock, key="__Secure-id", **attributes
    ) as site:
        async with site.visitor() as client:
            client.base_url = "https://sessions.test"
            for path in ("/set", "/clear"):
                cookie = (await client.post(path, json={"user": "Ann"})).headers["set-cookie"]
                assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
                    *("secure", "httponly", "path=/", "domain=sessions.test", "samesite=strict"),
                    f"max-age={MAX_AGE if path == '/set' else 0}",
                }
        assert await site.rows() == 0


def test_a_model_of_its_own_makes_a_table_of_its_own() -> None:
    config = configured(model=UserSession)
    assert config.create_backend().model is UserSession
