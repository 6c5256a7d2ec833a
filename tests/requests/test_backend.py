"""The face of the backends: one suite for both, on every driver."""

from __future__ import annotations

import asyncio
import inspect
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.memory import MemoryStore
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from litestar_sessions import (
    ConfigurationError,
    SQLAlchemySessionBackendBase,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
)
from tests.support.apps import bare_app
from tests.support.backends import Backend, dispose, make_backend
from tests.support.examples import SESSION_IDS
from tests.support.models import UserSession

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import Clock

STORE = MemoryStore()
CONFIG = ServerSideSessionConfig()
CENTURY = 36_525 * 86_400


async def test_an_unknown_session_has_no_data(backend: Backend) -> None:
    assert await backend.get("id", STORE) is None


async def test_a_session_lives_for_max_age(backend: Backend, clock: Clock) -> None:
    await backend.set("id", b"data", STORE)
    clock.advance(seconds=3_599)
    assert await backend.get("id", STORE) == b"data"
    clock.advance(seconds=1)
    assert await backend.get("id", STORE) is None


async def test_getting_does_not_move_the_expiry(backend: Backend, clock: Clock) -> None:
    await backend.set("id", b"data", STORE)
    clock.advance(minutes=59)
    await backend.get("id", STORE)
    clock.advance(minutes=1)
    assert await backend.get("id", STORE) is None


async def test_getting_moves_the_expiry_if_the_config_says_so(
    backend: Backend, clock: Clock
) -> None:
    backend.config.renew_on_access = True
    await backend.set("id", b"data", STORE)
    for _ in range(3):
        clock.advance(minutes=59)
        assert await backend.get("id", STORE) == b"data"
    clock.advance(minutes=60)
    assert await backend.get("id", STORE) is None


async def test_setting_replaces_the_data_and_resets_the_expiry(
    backend: Backend, clock: Clock
) -> None:
    await backend.set("id", b"old", STORE)
    clock.advance(minutes=59)
    await backend.set("id", b"new", STORE)
    clock.advance(minutes=59)
    assert await backend.get("id", STORE) == b"new"


async def test_setting_revives_an_expired_session(backend: Backend, clock: Clock) -> None:
    await backend.set("id", b"old", STORE)
    clock.advance(minutes=60)
    await backend.set("id", b"new", STORE)
    assert await backend.get("id", STORE) == b"new"


async def test_deleting_removes_one_session(backend: Backend) -> None:
    await backend.set("id", b"data", STORE)
    await backend.set("other", b"data", STORE)
    await backend.delete("id", STORE)
    await backend.delete("unknown", STORE)
    assert await backend.get("id", STORE) is None
    assert await backend.get("other", STORE) == b"data"


async def test_deleting_all_takes_the_store_or_nothing(backend: Backend) -> None:
    for store in ((STORE,), ()):
        await backend.set("id", b"data", STORE)
        await backend.delete_all(*store)
        assert await backend.get("id", STORE) is None


async def test_deleting_the_expired_says_how_many_they_were(backend: Backend, clock: Clock) -> None:
    await backend.set("expired", b"data", STORE)
    await backend.set("expired too", b"data", STORE)
    clock.advance(minutes=60)
    await backend.set("live", b"data", STORE)
    assert await backend.delete_expired() == 2
    assert await backend.delete_expired() == 0
    assert await backend.get("live", STORE) == b"data"


async def test_every_string_is_a_session_id_of_its_own(backend: Backend) -> None:
    for number, session_id in enumerate(SESSION_IDS):
        await backend.set(session_id, b"%d" % number, STORE)
    for number, session_id in enumerate(SESSION_IDS):
        assert await backend.get(session_id, STORE) == b"%d" % number


async def test_a_session_may_live_for_a_century(backend: Backend, clock: Clock) -> None:
    backend.config.max_age = CENTURY
    await backend.set("id", b"data", STORE)
    clock.advance(seconds=CENTURY - 1)
    assert await backend.get("id", STORE) == b"data"


async def test_a_copy_shares_the_sessions_and_has_its_own_config(backend: Backend) -> None:
    duplicate = deepcopy(backend)
    assert duplicate is not backend
    assert duplicate.alchemy is backend.alchemy
    assert duplicate.model is backend.model
    assert duplicate.config == backend.config
    assert duplicate.config is not backend.config
    store = duplicate.config.get_store_from_app(bare_app())
    await store.set("of the command line", b"data")
    assert await backend.get("of the command line", STORE) == b"data"
    await duplicate.set("id", b"data", STORE)
    assert await backend.get("id", STORE) == b"data"


async def test_many_requests_of_one_session_at_once_all_succeed(backend: Backend) -> None:
    async def request(number: int) -> bytes | None:
        await backend.set("id", b"%d" % number, STORE)
        if number % 7 == 0:
            await backend.delete("id", STORE)
        if number % 11 == 0:
            await backend.delete_expired()
        return await backend.get("id", STORE)

    answers = await asyncio.gather(*(request(number) for number in range(50)))
    assert set(answers) <= {None, *(b"%d" % number for number in range(50))}


def test_it_works_in_a_second_event_loop(tmp_path: Path) -> None:
    backend = make_backend(f"sqlite:///{tmp_path}/sessions.db", is_async=False)

    async def life(number: int) -> list[bytes | None]:
        async def one(part: int) -> bytes | None:
            await backend.set(f"{number} {part}", b"data", STORE)
            return await backend.get(f"{number} {part}", STORE)

        return list(await asyncio.gather(*(one(part) for part in range(50))))

    for number in range(3):
        assert asyncio.run(life(number)) == [b"data"] * 50
    asyncio.run(dispose(backend))


def test_an_in_memory_database_works_in_a_second_event_loop() -> None:
    for is_async, url in ((True, "sqlite+aiosqlite://"), (False, "sqlite://")):
        backend = make_backend(url, is_async=is_async)
        asyncio.run(backend.set("id", b"data", STORE))
        assert asyncio.run(backend.get("id", STORE)) == b"data"
        asyncio.run(dispose(backend))


def test_the_base_has_the_config_the_engine_config_and_the_model() -> None:
    alchemy = SQLAlchemySyncConfig("sqlite://")
    backend = SQLAlchemySyncSessionBackend(config=CONFIG, alchemy_config=alchemy, model=UserSession)
    assert (backend.config, backend.alchemy, backend.model) == (CONFIG, alchemy, UserSession)
    assert inspect.isabstract(SQLAlchemySessionBackendBase)
    assert "delete_expired" in SQLAlchemySessionBackendBase.__abstractmethods__


@pytest.mark.parametrize("is_async", [True, False])
def test_a_lifetime_that_overflows_a_timestamp_is_refused(is_async: bool) -> None:
    url = "sqlite+aiosqlite://" if is_async else "sqlite://"
    make_backend(url, is_async=is_async, max_age=CENTURY)
    for max_age in (8_000 * 366 * 86_400, 10**18):
        with pytest.raises(ConfigurationError, match=r"limit is \d+"):
            make_backend(url, is_async=is_async, max_age=max_age)


def test_the_longest_lifetime_that_is_accepted_works(clock: Clock) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make_backend("sqlite://", is_async=False, clock=clock, max_age=10**18)
    limit = int(str(raised.value).split("limit is ")[1].split(":")[0])
    backend = make_backend("sqlite://", is_async=False, clock=clock, max_age=limit)
    clock.advance(days=36_524)
    asyncio.run(backend.set("id", b"data", STORE))
    assert asyncio.run(backend.get("id", STORE)) == b"data"
    asyncio.run(dispose(backend))


async def test_a_missing_table_is_created_only_if_the_config_says_so(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    plain = make_backend(url, is_async=True, create_all=False)
    with pytest.raises(OperationalError, match="no such table"):
        await plain.get("id", STORE)
    creating = make_backend(url, is_async=True)
    await creating.set("id", b"data", STORE)
    assert await plain.get("id", STORE) == b"data"
    await dispose(plain)
    await dispose(creating)


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_server_that_refuses_is_asked_once(is_async: bool) -> None:
    backend = make_backend("postgresql+psycopg://nobody@127.0.0.1:1/none", is_async=is_async)
    engine = backend.alchemy.get_engine()
    attempts: list[object] = []
    event.listen(
        getattr(engine, "sync_engine", engine), "do_connect", lambda *_: attempts.append(_)
    )
    with pytest.raises(OperationalError):
        await backend.get("id", STORE)
    assert len(attempts) == 1
