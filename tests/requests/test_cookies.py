"""Cookies: which one is read, what it must never do, and what the answer's says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar.connection import ASGIConnection

from litestar_sessions._requests.cookies import read_cookie
from tests.support.site import MAX_AGE, Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database

HEX = st.text("0123456789abcdef", min_size=60, max_size=68)
VALUES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
    HEX.map(str.encode),
    st.text("%0123456789abcdefABCDEF\\\"';,= ", max_size=80).map(str.encode),
)
NAMES = st.sampled_from([b"session=", b"session=\x00", b"Session=", b"", b"=", b"session;session="])
COOKIES = st.lists(st.tuples(NAMES, VALUES).map(b"".join), min_size=1, max_size=3).map(b"; ".join)


def scope_with(cookies: list[bytes]) -> Any:
    return {"type": "http", "state": {}, "headers": [(b"cookie", cookie) for cookie in cookies]}


@example([b"a=b; session=\t0a ;c"])
@example([b'session="0a"'])
@example([b"session=0a; session=0b"])
@example([b"xsession=0a"])
@example([b"session =0a"])
@example([b"a=b", b"session=0a"])
@example([b"session=0%61"])
@given(st.lists(COOKIES, max_size=2))
def test_a_cookie_is_what_litestar_takes_it_for_in_one_header(cookies: list[bytes]) -> None:
    joined = scope_with([b"; ".join(cookies)])
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(joined)
    expected = connection.cookies.get("session")
    assert read_cookie(joined, "session") == expected
    assert read_cookie(scope_with(cookies), "session") == expected


SPLIT = {
    "first": [b"session=ID; theme=dark", b"language=en"],
    "in the middle": [b"theme=dark", b"a=b; session=ID", b"language=en"],
    "last": [b"theme=dark", b"language=en", b"session=ID"],
}
"""Fields of cookies as HTTP/2 and HTTP/3 may send them (RFC 9113, section 8.2.3)."""


@pytest.mark.parametrize("fields", SPLIT.values(), ids=SPLIT)
async def test_a_session_is_found_in_whichever_field_its_cookie_is(
    site: Site, fields: list[bytes]
) -> None:
    async with site.visitor() as client:
        session_id = (await client.post("/set", json={"user": "Ann"})).cookies["session"]
        client.cookies.clear()
        headers = [(b"cookie", field.replace(b"ID", session_id.encode())) for field in fields]
        assert (await client.get("/", headers=headers)).json() == {"user": "Ann"}
        response = await client.post("/clear", headers=headers)
        assert "Max-Age=0;" in response.headers["set-cookie"]
    assert await site.rows() == 0


async def test_a_session_is_found_although_litestar_has_read_the_first_field_before(
    tmp_path: Path, clock: Clock
) -> None:
    def reader(app: Any) -> Any:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            assert ASGIConnection[Any, Any, Any, Any](scope).cookies == {"theme": "dark"}
            await app(scope, receive, send)

        return middleware

    async with open_site(f"sqlite:///{tmp_path}/s.db", is_async=False, clock=clock) as site:
        async with site.visitor() as client:
            session_id = (await client.post("/set", json={"user": "Ann"})).cookies["session"]
        site.app = reader(site.app)
        async with site.visitor() as client:
            headers = [(b"cookie", b"theme=dark"), (b"cookie", b"session=" + session_id.encode())]
            assert (await client.get("/", headers=headers)).json() == {"user": "Ann"}


@pytest.fixture
async def site(any_database: tuple[bool, Database], clock: Clock) -> AsyncIterator[Site]:
    is_async, database = any_database
    async with open_site(database.url, is_async=is_async, clock=clock) as site:
        yield site


@example(b"session=\xff\xfe")
@example("session=\N{SNOWMAN}".encode())
@example(b"session=\x00")
@example(b"session=" + b"%00" * 64)
@example(b"session=" + b"a" * 10_000)
@example(b'session="\\377\\000"')
@given(COOKIES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_no_cookie_is_an_error_or_makes_a_row(site: Site, cookie: bytes) -> None:
    await site.empty()
    headers = [(b"cookie", cookie)]
    async with site.visitor() as client:
        response = await client.get("/", headers=headers)
        assert (response.status_code, response.json()) == (200, {})
        assert await site.rows() == 0
        assert (await client.post("/clear", headers=headers)).status_code == 201
        assert await site.rows() == 0
        response = await client.post("/set", headers=headers, json={"user": "Ann"})
        assert response.status_code == 201
        assert response.cookies["session"].encode() not in cookie
        assert await site.rows() == 1


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
