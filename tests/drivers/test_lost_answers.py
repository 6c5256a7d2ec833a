"""When a connection dies after the server has done what it was asked: that is recognised."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from litestar_sessions import SessionExistsError
from tests.support.faults import ON_A_WIRE, FaultyProxy, through_faults
from tests.support.site import Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Servers

ID, NEW = "a" * 64, "b" * 64


@pytest.fixture(params=ON_A_WIRE)
async def place(
    request: pytest.FixtureRequest, servers: Servers, clock: Clock, tmp_path: Path
) -> AsyncIterator[tuple[Site, FaultyProxy]]:
    """A site whose statements have all been prepared, and the proxy in front of its database."""
    half, _, name = request.param.partition(" ")
    async with open_behind(half, name, servers, clock, tmp_path) as found:
        site, _ = found
        for _ in range(7):  # as often as psycopg has to see a statement before it is prepared
            await use_every_verb(site, clock)
        yield found


@asynccontextmanager
async def open_behind(
    half: str, name: str, servers: Servers, clock: Clock, tmp_path: Path
) -> AsyncIterator[tuple[Site, FaultyProxy]]:
    database = servers.database(name, tmp_path)
    with through_faults(database) as (proxy, url):
        async with open_site(url, is_async=half == "async", clock=clock) as site:
            yield site, proxy


async def use_every_verb(site: Site, clock: Clock) -> None:
    storage, later = site.backend.storage, clock() + timedelta(hours=1)
    await storage.create(ID, b"1", later)
    await storage.update(ID, b"2", later, expected=b"1")
    await storage.update(ID, b"3", later)
    await storage.touch(ID, later)
    await storage.rotate(ID, NEW)
    await storage.update(NEW, b"4", later, new_id=ID)
    await storage.save(ID, b"5", later)
    await storage.load_and_touch(ID, later)
    await storage.delete(ID)


async def test_no_verb_takes_its_own_write_for_somebody_elses(
    place: tuple[Site, FaultyProxy], clock: Clock
) -> None:
    site, proxy = place
    storage, later = site.backend.storage, clock() + timedelta(hours=1)

    async def lose(verb: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        proxy.lose_next_answer()
        answer = await verb(*arguments, **options)
        assert not proxy._loses_answer, "no answer was lost"
        return answer

    created = await lose(storage.create, ID, b"1", later)
    found = await storage.load(ID)
    assert (found.id, found.data) == (created.id, b"1")
    assert await lose(storage.update, ID, b"2", later, expected=b"1")
    assert await lose(storage.update, ID, b"3", later)
    assert await lose(storage.update, ID, b"4", later, expected=b"3", new_id=NEW)
    assert await storage.load(ID) is None
    assert (await storage.load(NEW)).data == b"4"
    assert await lose(storage.rotate, NEW, ID)
    assert await lose(storage.touch, ID, later + timedelta(hours=1))
    assert (await lose(storage.load_and_touch, ID, later)).data == b"4"
    await lose(storage.save, ID, b"5", later)
    assert (await lose(storage.load, ID)).data == b"5"
    await lose(storage.delete, ID)
    assert await storage.load(ID) is None


async def test_what_was_not_there_is_not_taken_for_a_write_of_our_own(
    place: tuple[Site, FaultyProxy], clock: Clock
) -> None:
    site, proxy = place
    storage, later = site.backend.storage, clock() + timedelta(hours=1)
    proxy.lose_next_answer()
    assert not await storage.update(ID, b"2", later, expected=b"1")
    proxy.lose_next_answer()
    assert not await storage.rotate(ID, NEW)
    await storage.create(ID, b"1", later)
    proxy.lose_next_answer()
    assert not await storage.update(ID, b"2", later, expected=b"not that")
    proxy.lose_next_answer()
    with pytest.raises(SessionExistsError):
        await storage.create(ID, b"1", later)
    assert (await storage.load(ID)).data == b"1"


async def test_a_sign_in_whose_answer_was_lost_has_its_cookie(
    place: tuple[Site, FaultyProxy],
) -> None:
    site, proxy = place
    async with site.visitor() as client:
        await client.post("/set", json={"basket": 1})
        before = client.cookies["session"]

        updates: list[str] = []

        def lose_the_update(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("UPDATE"):
                updates.append(statement)
                if len(updates) == 1:
                    proxy.lose_next_answer()

        event.listen(site.engine, "before_cursor_execute", lose_the_update)
        assert (await client.post("/rotate", json={"user": "Ann"})).status_code == 201
        assert len(updates) == 2
        assert client.cookies["session"] != before
        assert (await client.get("/")).json() == {"basket": 1, "user": "Ann"}


async def test_connections_that_have_become_read_only_are_given_up(
    place: tuple[Site, FaultyProxy], clock: Clock
) -> None:
    site, _ = place
    dialect = site.engine.dialect.name
    read_only = {
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "mysql": "SET SESSION TRANSACTION READ ONLY",
    }[dialect]

    def demote(connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(read_only)
        cursor.close()

    event.listen(site.engine, "checkout", demote)
    await site.backend.storage.load("none")
    event.remove(site.engine, "checkout", demote)
    async with site.visitor() as client:
        assert (await client.post("/set", json={"user": "Ann"})).status_code == 201
        assert (await client.get("/")).json() == {"user": "Ann"}
    assert await site.backend.storage.touch("none", clock()) is False


async def test_a_migration_of_the_table_costs_no_answer(
    place: tuple[Site, FaultyProxy],
) -> None:
    site, _ = place
    change = "ALTER TABLE user_sessions ALTER COLUMN session_id TYPE VARCHAR({})"
    if site.engine.dialect.name == "mysql":
        change = "ALTER TABLE user_sessions ADD COLUMN more_{} INTEGER"
    undo = change.format(255)
    if site.engine.dialect.name == "mysql":
        undo = "ALTER TABLE user_sessions DROP COLUMN more_300"
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        for statement in (change.format(300), undo):
            for _ in range(8):
                assert (await client.get("/")).json() == {"user": "Ann"}
            await site._execute(text(statement))
            assert (await client.get("/")).json() == {"user": "Ann"}
            assert (await client.post("/rotate", json={})).status_code == 201
