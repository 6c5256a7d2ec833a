"""Cookies: which one is read, what it must never do, and what the answer's says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar.connection import ASGIConnection
from sqlalchemy import event

from litestar_sessions._requests.cookies import read_cookies
from tests.support.site import MAX_AGE, Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
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
    expected = [value for name, value in connection.cookies.items() if name == "session"]
    assert list(read_cookies(joined, "session")[0])[-1:] == expected
    assert list(read_cookies(scope_with(cookies), "session")[0])[-1:] == expected


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


async def signed_in(site: Site, user: str) -> bytes:
    """Return the session ID of a new session."""
    async with site.visitor() as client:
        response = await client.post("/set", json={"user": user})
    return response.cookies["session"].encode()


def cookies(*values: bytes) -> dict[str, Any]:
    """Return the options of a request with these session cookies."""
    return {"headers": [(b"cookie", b"; ".join(b"session=" + value for value in values))]}


STALE = b"0" * 64
BESIDE = {
    "a stale one behind": lambda live: [live, STALE],
    "a stale one before": lambda live: [STALE, live],
    "no ID behind": lambda live: [live, b"null"],
    "no ID before": lambda live: [b"%00", live],
    "itself": lambda live: [live, live],
    "several": lambda live: [live, *(b"%064x" % number for number in range(7))],
}
"""Cookies of one name: browsers send those of several paths, and of the host and its domain."""


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
async def test_of_several_cookies_that_one_wins_which_storage_knows(
    site: Site, beside: Callable[[bytes], list[bytes]]
) -> None:
    sent = cookies(*beside(await signed_in(site, "Ann")))
    async with site.visitor() as client:
        assert (await client.get("/", **sent)).json() == {"user": "Ann"}
        client.cookies.clear()
        assert (await client.post("/set", **sent, json={"cart": 1})).status_code == 201
        client.cookies.clear()
        assert (await client.get("/", **sent)).json() == {"user": "Ann", "cart": 1}
        assert await site.rows() == 1
        response = await client.post("/clear", **sent)
        assert "Max-Age=0;" in response.headers["set-cookie"]
    assert await site.rows() == 0


async def test_of_several_sessions_the_last_wins_and_a_sign_out_ends_all(site: Site) -> None:
    ann, bob, eve = [await signed_in(site, user) for user in ("Ann", "Bob", "Eve")]
    async with site.visitor() as client:
        assert (await client.get("/", **cookies(ann, bob))).json() == {"user": "Bob"}
        assert (await client.get("/", **cookies(bob, ann))).json() == {"user": "Ann"}
        await client.post("/clear", **cookies(ann, STALE, bob))
        client.cookies.clear()
        assert (await client.get("/", **cookies(ann, bob))).json() == {}
        assert (await client.get("/", **cookies(eve))).json() == {"user": "Eve"}


async def test_a_session_that_is_over_or_undecodable_gives_way_and_is_ended_too(
    tmp_path: Path, clock: Clock
) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    async with open_site(url, is_async=False, clock=clock, absolute_timeout=100) as site:
        over = await signed_in(site, "Ann")
        clock.advance(seconds=60)
        broken, live = await signed_in(site, "Bob"), await signed_in(site, "Eve")
        row = await site.backend.storage.load(broken.decode())
        await site.backend.storage.save(broken.decode(), b"{", row.expires_at)
        row = await site.backend.storage.load(over.decode())
        await site.backend.storage.save(over.decode(), row.data, clock.after(seconds=100))
        clock.advance(seconds=60)
        async with site.visitor() as client:
            assert (await client.get("/", **cookies(live, over, broken))).json() == {"user": "Eve"}
            assert (await client.get("/", **cookies(over, broken))).json() == {}
            await client.post("/clear", **cookies(broken, live, over))
        assert await site.rows() == 0


@pytest.mark.parametrize(
    ("wiring", "counts"), [("our config", (16, 32, 127)), ("Litestar's config", (16, 200, 32, 8))]
)
async def test_another_number_of_bytes_signs_nobody_out(
    tmp_path: Path, clock: Clock, wiring: Wiring, counts: tuple[int, ...]
) -> None:
    made: list[bytes] = []
    for count in counts:
        async with open_site(
            f"sqlite:///{tmp_path}/s.db",
            is_async=False,
            clock=clock,
            wiring=wiring,
            empty=not made,
            session_id_bytes=count,
        ) as site:
            made.append(await signed_in(site, "Ann"))
            assert len(made[-1]) == 2 * count
            for session_id in made:
                async with site.visitor() as client:
                    response = await client.get("/", **cookies(session_id))
                    is_looked_up = len(session_id) <= 2 * max(127, count)
                    assert response.json() == ({"user": "Ann"} if is_looked_up else {})


async def test_what_no_number_of_bytes_makes_is_not_looked_up(tmp_path: Path, clock: Clock) -> None:
    async with open_site(f"sqlite:///{tmp_path}/s.db", is_async=False, clock=clock) as site:
        await site.drop_table()  # which a look would notice
        async with site.visitor() as client:
            for text in (b"0" * 30, b"0" * 63, b"0" * 256, b"F" * 64, b"g" * 64, b"0" * 63 + b"g"):
                assert (await client.get("/", **cookies(text))).json() == {}
            assert (await client.get("/", **cookies(b"0" * 32))).status_code == 500


async def test_only_the_last_few_of_many_cookies_are_looked_up(
    tmp_path: Path, clock: Clock
) -> None:
    async with open_site(f"sqlite:///{tmp_path}/s.db", is_async=False, clock=clock) as site:
        live = await signed_in(site, "Ann")
        statements: list[tuple[str, Any]] = []

        @event.listens_for(site.engine, "before_cursor_execute")
        def note(_c: object, _cursor: object, text: str, values: Any, *_: object) -> None:
            statements.append((text, values))

        async with site.visitor() as client:
            many = [b"%064x" % number for number in range(100)]
            assert (await client.get("/", **cookies(live, *many))).json() == {}
            assert (await client.get("/", **cookies(*many, live))).json() == {"user": "Ann"}
            assert (await client.get("/", **cookies(live))).json() == {"user": "Ann"}
        *several, (one, values) = statements
        assert [len(values) for _, values in several] == [9, 9]  # a time, and eight keys
        assert "session_id = ?" in one
        assert len(values) == 2


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
