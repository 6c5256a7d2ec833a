"""Two requests of one session at once: one waits at a gate while the other goes through."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Response, post

from litestar_sessions import SessionConflictError, save_session
from tests.support.site import MAX_AGE, Site, Visit, open_site

if TYPE_CHECKING:
    import httpx

    from tests.support.clock import Clock
    from tests.support.databases import Database


async def hold(
    site: Site, session_id: str, path: str, body: Any = None
) -> asyncio.Task[httpx.Response]:
    """Send a request of the session, and return when its handler waits at the gate."""

    async def send() -> httpx.Response:
        async with site.visitor(session_id) as client:
            return await client.post(path, json=body)

    task = asyncio.create_task(send())
    await site.gate.reached()
    return task


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.session_event for r in caplog.records if r.name == "litestar_sessions"]  # type: ignore[attr-defined]  # set by extra=


async def test_requests_that_set_different_keys_both_win(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"shared": 1, "removed": 1})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"mine": 1, "shared": 2})
        await client.post("/set", json={"theirs": 1})
        await client.post("/remove", json=["removed"])
        site.gate.open()
        assert (await slow).status_code == 201
        assert (await client.get("/")).json() == {"shared": 2, "mine": 1, "theirs": 1}


async def test_the_last_one_wins_a_key_that_both_set(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"key": "old"})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"key": "slow"})
        await client.post("/set", json={"key": "fast"})
        site.gate.open()
        await slow
        assert (await client.get("/")).json() == {"key": "slow"}


async def test_values_that_only_python_takes_for_equal_are_changes(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"flag": 1})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"flag": True})
        await client.post("/set", json={"other": 1})
        site.gate.open()
        await slow
        assert (await client.get("/")).text in {
            '{"flag":true,"other":1}',
            '{"other":1,"flag":true}',
        }


async def test_a_request_that_only_reads_undoes_nothing(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"key": "old"})
        slow = await hold(site, client.cookies["session"], "/hold")
        await client.post("/set", json={"key": "new"})
        site.gate.open()
        assert (await slow).json() == {"key": "old"}
        assert (await client.get("/")).json() == {"key": "new"}


async def test_a_slow_request_does_not_bring_back_a_cleared_session(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"seen": 1})
        await client.post("/clear")
        site.gate.open()
        response = await slow
        assert response.status_code == 201
        assert "Max-Age=0;" in response.headers["set-cookie"]
        assert events(caplog) == ["gone"]
    assert await site.rows() == 0


async def test_what_is_dropped_once_does_not_come_back_as_a_new_session(site: Site) -> None:
    answers: list[object] = []

    @post("/save-twice")
    async def save_twice(request: Visit) -> None:
        await request.app.state.gate.hold()
        request.session["seen"] = 1
        answers.append(await save_session(request))
        request.session["seen"] = 2
        answers.append(await save_session(request))
        request.session["seen"] = 3

    site.app.register(save_twice)
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await hold(site, client.cookies["session"], "/save-twice")
        await client.post("/clear")
        site.gate.open()
        assert "Max-Age=0;" in (await slow).headers["set-cookie"]
    assert answers == [None, None]
    assert await site.rows() == 0


async def test_a_slow_renewal_does_not_bring_back_a_cleared_session(
    site: Site, clock: Clock
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        clock.advance(seconds=MAX_AGE / 2)
        slow = await hold(site, client.cookies["session"], "/hold")
        await client.post("/clear")
        site.gate.open()
        assert "set-cookie" not in (await slow).headers
    assert await site.rows() == 0


async def test_a_slow_request_does_not_touch_a_rotated_session(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"cart": 2})
        await client.post("/rotate", json={"user": "Ann"})
        site.gate.open()
        response = await slow
        # The browser has the new ID by now, which must not be cleared.
        assert "set-cookie" not in response.headers
        assert events(caplog) == ["rotated"]
        assert (await client.get("/")).json() == {"cart": 1, "user": "Ann"}


async def test_a_slow_sign_out_ends_a_session_that_was_rotated_meanwhile(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        slow = await hold(site, client.cookies["session"], "/clear?hold=1")
        await client.post("/rotate", json={"admin": True})
        site.gate.open()
        assert (await slow).status_code == 201
        assert (await client.get("/")).json() == {}
    assert await site.rows() == 0


async def at_once(site: Site, session_id: str, *requests: tuple[str, Any]) -> list[httpx.Response]:
    """Send requests of the session, which go on when all of them have loaded it."""
    clients = [site.visitor(session_id) for _ in requests]
    tasks = [
        asyncio.create_task(client.post(f"{path}?hold=1", json=body))
        for client, (path, body) in zip(clients, requests, strict=True)
    ]
    await site.gate.reached(len(requests))
    site.gate.open()
    return list(await asyncio.gather(*tasks))


async def test_many_sign_ins_at_once_leave_one_id(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"cart": 1})
        sign_ins = [("/rotate", {"user": "Ann"})] * 5
        responses = await at_once(site, client.cookies["session"], *sign_ins)
        ids = {response.cookies.get("session") for response in responses} - {None}
        assert await site.rows() == 1
        assert len(ids) == 1
        async with site.visitor(ids.pop()) as winner:
            assert (await winner.get("/")).json() == {"cart": 1, "user": "Ann"}


async def test_a_sign_out_among_many_requests_ends_the_session_without_errors(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        others = [("/set", {f"key {number}": number}) for number in range(8)]
        requests = [*others[:4], ("/clear", None), *others[4:], ("/rotate", {"admin": True})]
        responses = await at_once(site, client.cookies["session"], *requests)
        assert {response.status_code for response in responses} == {201}
    assert await site.rows() == 0


async def test_many_writers_of_one_session_all_win(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann"})
        changes = {f"key {number}": number for number in range(12)}
        requests = [("/set", {key: value}) for key, value in changes.items()]
        responses = await at_once(site, client.cookies["session"], *requests)
        assert {response.status_code for response in responses} == {201}
        assert (await client.get("/")).json() == {"user": "Ann"} | changes


@pytest.mark.parametrize(
    ("rule", "status", "left"),
    [
        ("overwrite", 201, {"key": "slow", "mine": 1}),
        ("error", 409, {"key": "fast", "theirs": 1}),
    ],
)
async def test_conflicts_may_be_overwritten_or_refused(
    any_database: tuple[bool, Database], clock: Clock, rule: str, status: int, left: object
) -> None:
    is_async, database = any_database
    async with (
        open_site(database.url, is_async=is_async, clock=clock, on_conflict=rule) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"key": "old"})
        body = {"key": "slow", "mine": 1}
        slow = await hold(site, client.cookies["session"], "/set?hold=1", body)
        await client.post("/set", json={"key": "fast", "theirs": 1})
        site.gate.open()
        assert (await slow).status_code == status
        assert (await client.get("/")).json() == left


@pytest.mark.parametrize("rule", ["overwrite", "error"])
async def test_no_rule_brings_back_a_cleared_session(
    any_database: tuple[bool, Database], clock: Clock, rule: str
) -> None:
    is_async, database = any_database
    async with (
        open_site(database.url, is_async=is_async, clock=clock, on_conflict=rule) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"user": "Ann"})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"seen": 1})
        await client.post("/clear")
        site.gate.open()
        assert (await slow).status_code == 201
        assert await site.rows() == 0


async def test_an_application_can_handle_a_conflict(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    def handle(*_: object) -> Response[str]:
        return Response("try again", status_code=409, headers={"retry-after": "1"})

    is_async, database = any_database
    async with (
        open_site(
            database.url,
            is_async=is_async,
            clock=clock,
            on_conflict="error",
            options={"exception_handlers": {SessionConflictError: handle}},
        ) as site,
        site.visitor() as client,
    ):
        await client.post("/set", json={"key": "old"})
        slow = await hold(site, client.cookies["session"], "/set?hold=1", {"key": "slow"})
        await client.post("/set", json={"key": "fast"})
        site.gate.open()
        response = await slow
        assert (response.status_code, response.headers["retry-after"]) == (409, "1")
        assert response.text == "try again"
