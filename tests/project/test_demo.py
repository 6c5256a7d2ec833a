"""The demo as its users meet it: a process, a page, a browser."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient
from sqlalchemy import create_engine, delete, select

from examples.demo.live import SIGNED_OUT, stay_live
from tests.support.apps import app_of
from tests.support.demo import Visitor, demo, shown
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from litestar_sessions import SQLAlchemySessionConfig
    from tests.support.databases import Database


def expiry(page: str) -> datetime:
    days, hours, minutes, seconds = map(int, re.findall(r"\d+", shown("expires-in", page)))
    left = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return datetime.now(timezone.utc) + left


def rows(folder: Path) -> dict[str, datetime]:
    """Return what is stored: for each key when the session expires."""
    engine = create_engine(f"sqlite:///{folder / 'sessions.db'}")
    with engine.connect() as connection:
        found = connection.execute(select(UserSession.session_id, UserSession.expires_at)).all()
    engine.dispose()
    return {row.session_id: row.expires_at for row in found}


def key(session_id: str) -> str:
    return f"sha256:{sha256(session_id.encode()).hexdigest()}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo runs that the visitors of this module share."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with demo(None, folder) as address:
        yield address


@pytest.fixture
def visitor(address: str, folder: Path) -> Iterator[Visitor]:
    """The only one who has a session, as soon as there is one."""
    engine = create_engine(f"sqlite:///{folder / 'sessions.db'}")
    with engine.begin() as connection:
        connection.execute(delete(UserSession))
    engine.dispose()
    with Visitor(base_url=address) as visitor:
        yield visitor


def test_every_driver_remembers_its_visitor(
    any_database: tuple[bool, Database], tmp_path: Path
) -> None:
    is_async, database = any_database
    # A driver that can do both is used async.
    is_async = is_async or database.url.drivername == "postgresql+psycopg"
    with demo(database.url, tmp_path) as address, Visitor(base_url=address) as visitor:
        page = visitor.send_form("/sign-in", name="Ann")
        assert [response.status_code for response in page.history] == [303]
        assert "Hello, <bdi>Ann</bdi>" in page.text
        assert database.url.drivername in page.text
        half = "Async" if is_async else "Sync"
        assert f"<code>SQLAlchemy{half}SessionBackend</code>" in page.text
        count = visitor.visits()
        assert visitor.visits() == count + 1
        page = visitor.send_form("/note", note="milk & <b>eggs")
        assert ">\nmilk &amp; &lt;b&gt;eggs</textarea>" in page.text


def test_a_restart_loses_nothing_and_signing_out_everything(tmp_path: Path) -> None:
    with demo(None, tmp_path) as address, Visitor(base_url=address) as visitor:
        visitor.send_form("/sign-in", name="Ann")
        visitor.send_form("/note", note="\r\nfirst\r\nsecond")
        before, cookies = visitor.visits(), visitor.cookies
    assert (tmp_path / "sessions.db").exists()
    with demo(None, tmp_path) as address, Visitor(base_url=address, cookies=cookies) as visitor:
        assert visitor.visits() == before + 1
        assert ">\n\nfirst\nsecond</textarea>" in visitor.get("/").text
        old = dict(visitor.cookies)
        page = visitor.send_form("/sign-out")
        assert page.history
        assert "Your name" in page.text
        with Visitor(base_url=address, cookies=old) as thief:
            assert "Your name" in thief.get("/").text


def test_a_form_opened_before_a_restart_still_works(tmp_path: Path) -> None:
    with demo(None, tmp_path) as address, Visitor(base_url=address) as visitor:
        token = re.search(r'name="_csrf_token" value="(\w+)"', visitor.get("/").text)
        cookies = visitor.cookies
    assert token
    with demo(None, tmp_path) as address, Visitor(base_url=address, cookies=cookies) as visitor:
        answer = visitor.post("/sign-in", data={"_csrf_token": token[1], "name": "Ann"})
        assert answer.status_code == 303


def test_whoever_only_looks_has_no_session(visitor: Visitor, folder: Path) -> None:
    for page in visitor.get("/"), visitor.send_form("/sign-in", name=""), visitor.get("/"):
        assert "none yet" in page.text
        assert 'id="session-id"' not in page.text
        assert set(visitor.cookies) == {"demo_csrf"}
    assert rows(folder) == {}


def test_signing_in_renews_the_id_and_keeps_the_note(visitor: Visitor, folder: Path) -> None:
    page = visitor.send_form("/note", note="milk").text
    before = visitor.cookies["demo_session"]
    assert shown("session-id", page) == f"{before[:8]}…"
    assert "Signing in will renew it" in page
    page = visitor.send_form("/sign-in", name="Ann").text
    after = visitor.cookies["demo_session"]
    assert after != before
    assert shown("session-id", page) == f"{after[:8]}…"
    assert shown("former-id", page) == f"{before[:8]}…"
    assert ">\nmilk</textarea>" in page
    assert set(rows(folder)) == {key(after)}
    assert not re.search(f"{before[:9]}|{after[:9]}", page)
    # Nothing but signing in renews it.
    visitor.send_form("/note", note="eggs")
    visitor.send_form("/sign-in", name="Bob")
    assert visitor.cookies["demo_session"] == after


def test_the_id_from_before_signing_in_is_worth_nothing(visitor: Visitor) -> None:
    visitor.send_form("/note", note="milk")
    with Visitor(base_url=visitor.base_url, cookies=dict(visitor.cookies)) as thief:
        assert "milk" in thief.get("/").text
        visitor.send_form("/sign-in", name="Ann")
        page = thief.get("/").text
        assert "none yet" in page
        assert "Ann" not in page
        assert "milk" not in page


def test_a_session_that_begins_with_signing_in_has_no_former_id(visitor: Visitor) -> None:
    page = visitor.send_form("/sign-in", name="Ann").text
    assert "Made when you signed in" in page
    assert 'id="former-id"' not in page


def test_the_page_tells_when_its_row_expires(visitor: Visitor, folder: Path) -> None:
    visitor.send_form("/note", note="milk")
    expiries = rows(folder)
    [expires_at] = expiries.values()
    assert abs(expiry(visitor.get("/").text) - expires_at) < timedelta(seconds=5)
    assert rows(folder) == expiries  # a session that is only read is not renewed so soon
    page = visitor.send_form("/sign-in", name="Ann").text
    [renewed] = rows(folder).values()
    assert renewed > expires_at
    assert abs(expiry(page) - renewed) < timedelta(seconds=5)


def test_an_anonymous_note_can_be_forgotten(visitor: Visitor, folder: Path) -> None:
    assert "Forget me" in visitor.send_form("/note", note="milk").text
    assert "none yet" in visitor.send_form("/sign-out").text
    assert "demo_session" not in visitor.cookies
    assert rows(folder) == {}


def test_a_name_is_shown_as_it_was_typed(visitor: Visitor) -> None:
    page = visitor.send_form("/sign-in", name="<b>Ann</b>").text
    assert "Hello, <bdi>&lt;b&gt;Ann&lt;/b&gt;</bdi>" in page
    assert "<b>Ann</b>" not in page


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\x00", "x" * 61])
def test_what_is_no_name_is_explained_and_kept_in_the_form(visitor: Visitor, name: str) -> None:
    page = visitor.send_form("/sign-in", name=name)
    assert page.status_code == 400
    assert page.text.count('role="alert"') == 1
    assert f'value="{name}"' in page.text.replace("\ufffd", "\x00")
    assert "Hello" not in visitor.get("/").text


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_note_that_is_too_long_is_explained_and_kept_in_the_form(
    visitor: Visitor, is_signed_in: bool
) -> None:
    if is_signed_in:
        visitor.send_form("/sign-in", name="Ann")
    visitor.send_form("/note", note="old")
    page = visitor.send_form("/note", note="ä" * 2_001)
    assert page.status_code == 400
    assert "2,001 characters" in page.text
    assert page.text.count('role="alert"') == 1
    assert f">\n{'ä' * 2_001}</textarea>" in page.text
    assert ">\nold</textarea>" in visitor.get("/").text
    # A line break counts once, as in the browser.
    assert visitor.send_form("/note", note="a\r\n" * 1_000).status_code == 200


def test_a_form_without_its_token_changes_nothing(visitor: Visitor) -> None:
    visitor.get("/")
    page = visitor.post("/sign-in", data={"name": "Ann"})
    assert page.status_code == 403
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Hello" not in visitor.get("/").text


def test_the_wrong_csrf_cookie_does_not_stay_wrong(visitor: Visitor) -> None:
    visitor.cookies.set("demo_csrf", "of another application", domain="127.0.0.1")
    page = visitor.post("/sign-in", data={"name": "Ann", "_csrf_token": "x"})
    assert page.status_code == 403
    assert "Hello" in visitor.send_form("/sign-in", name="Ann").text


def test_a_socket_is_closed_once_its_visitor_has_signed_out_elsewhere(
    config: SQLAlchemySessionConfig,
) -> None:
    with TestClient(app_of(config, stay_live)) as client:
        with client.websocket_connect("/live") as socket, pytest.raises(WebSocketDisconnect):
            socket.receive_json()
        client.post("/set", json={"name": "Ann"})
        with client.websocket_connect("/live") as socket:
            assert socket.receive_json() == {"name": "Ann"}
            client.post("/set", json={"name": "Bob"})
            socket.send_text("still there?")
            assert socket.receive_json() == {"name": "Bob"}
            client.post("/clear")
            socket.send_text("still there?")
            with pytest.raises(WebSocketDisconnect) as ended:
                socket.receive_json()
        assert ended.value.code == SIGNED_OUT
