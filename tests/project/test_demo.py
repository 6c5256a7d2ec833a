"""The demo as its users meet it: a process and its pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient
from sqlalchemy import create_engine, delete, select

from examples.demo.devices import ago, device_name
from examples.demo.live import SIGNED_OUT, stay_live
from examples.demo.people import KEPT_FOR
from litestar_sessions.default_model import Session
from tests.support.apps import app_of
from tests.support.demo import USER_AGENTS, Visitor, demo, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from litestar_sessions import SQLAlchemySessionConfig
    from tests.support.databases import Database


def stored(folder: Path) -> list[Any]:
    engine = create_engine(f"sqlite:///{folder / 'sessions.db'}")
    with engine.connect() as connection:
        found = connection.execute(select(Session.__table__)).all()
    engine.dispose()
    return list(found)


def rows(folder: Path) -> dict[str, datetime]:
    """Return what is stored: for each key when the session expires."""
    return {row.session_id: row.expires_at for row in stored(folder)}


def primary_key(folder: Path, owner: str) -> UUID:
    """Return that of the only session of an owner."""
    (row,) = (row for row in stored(folder) if row.owner == owner)
    return row.id  # type: ignore[no-any-return]  # of a row


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
        connection.execute(delete(Session))
    engine.dispose()
    with Visitor(base_url=address) as visitor:
        yield visitor


def test_every_driver_remembers_its_visitor_and_their_devices(
    any_database: tuple[bool, Database], tmp_path: Path
) -> None:
    is_async, database = any_database
    # A driver that can do both is used async.
    is_async = is_async or database.url.drivername == "postgresql+psycopg"
    with demo(database.url, tmp_path) as address, Visitor(base_url=address) as visitor:
        visitor.send_form("/basket/add", item="tea")
        name = f"Ann of {tmp_path.name}"  # other drivers have the same database
        page = visitor.send_form("/sign-in", name=name)
        assert [response.status_code for response in page.history] == [303]
        assert f"Hello, <bdi>{name}</bdi>" in page.text
        assert 'Tea <span class="soft">× 1</span>' in page.text
        assert database.url.drivername in page.text
        half = "Async" if is_async else "Sync"
        assert f"<code>SQLAlchemy{half}SessionBackend</code>" in page.text
        assert visitor.devices() == {"Unknown browser, this device": ""}
        assert "Signed out 0 other devices." in visitor.send_form("/devices/sign-out-others").text


def test_a_restart_loses_nothing_and_signing_out_everything(tmp_path: Path) -> None:
    with demo(None, tmp_path) as address, Visitor(base_url=address) as visitor:
        token = re.search(r'name="_csrf_token" value="(\w+)"', visitor.get("/sign-in").text)
        visitor.send_form("/basket/add", item="tea")
        cookies = visitor.cookies
    assert (tmp_path / "sessions.db").exists()
    assert token
    with demo(None, tmp_path) as address, Visitor(base_url=address, cookies=cookies) as visitor:
        # The form was opened before the restart.
        answer = visitor.post("/sign-in", data={"_csrf_token": token[1], "name": "Ann"})
        assert answer.status_code == 303
        assert "× 1" in visitor.get("/").text
        old = dict(visitor.cookies)
        page = visitor.send_form("/sign-out")
        assert page.history
        with Visitor(base_url=address, cookies=old) as thief:
            for text in (page.text, thief.get("/").text):
                assert "A shop that remembers you" in text
                assert "There is nothing in it yet." in text


def test_whoever_only_looks_has_no_session(visitor: Visitor, folder: Path) -> None:
    for page in visitor.get("/"), visitor.send_form("/sign-in", name=""), visitor.get("/"):
        assert 'id="session-id"' not in page.text
        assert set(visitor.cookies) == {"demo_csrf"}
    assert "none yet" in visitor.get("/").text
    for path in ("/devices", "/devices/sign-out", "/devices/sign-out-others"):
        page = visitor.send_form(path) if path.count("/") > 1 else visitor.get(path)
        assert page.headers.get("location", page.url.path) == "/sign-in"
    assert rows(folder) == {}


def test_signing_in_renews_the_id_and_keeps_the_basket(visitor: Visitor, folder: Path) -> None:
    page = visitor.send_form("/basket/add", item="tea").text
    before = visitor.cookies["demo_session"]
    assert shown("session-id", page) == f"{before[:8]}…"
    assert "Signing in will renew it" in page
    page = visitor.send_form("/sign-in", name="Ann").text
    after = visitor.cookies["demo_session"]
    assert after != before
    assert shown("session-id", page) == f"{after[:8]}…"
    assert shown("former-id", page) == f"{before[:8]}…"
    assert 'Tea <span class="soft">× 1</span>' in page
    assert set(rows(folder)) == {key(after)}
    assert not re.search(f"{before[:9]}|{after[:9]}", page)
    # Nothing but signing in renews it.
    assert "× 2" in visitor.send_form("/basket/add", item="tea").text
    visitor.send_form("/sign-in", name="Bob")
    assert "Ann" in visitor.send_form("/basket/remove", item="tea").text
    assert visitor.cookies["demo_session"] == after
    with Visitor(base_url=visitor.base_url, cookies={"demo_session": before}) as thief:
        page = thief.get("/").text
        assert "none yet" in page
        assert "Ann" not in page


def test_a_session_that_begins_with_signing_in_has_no_former_id(visitor: Visitor) -> None:
    page = visitor.send_form("/sign-in", name="Ann").text
    assert "Made when you signed in" in page
    assert 'id="former-id"' not in page


def test_who_wants_to_be_kept_signed_in_is_and_nobody_else(visitor: Visitor, folder: Path) -> None:
    page = visitor.send_form("/sign-in", name="Ann")
    assert "Max-Age" not in page.history[0].headers["set-cookie"]
    visitor.send_form("/sign-out")
    page = visitor.send_form("/sign-in", name="Ann", keep="yes")
    assert f"Max-Age={int(KEPT_FOR.total_seconds())};" in page.history[0].headers["set-cookie"]
    [expires_at] = rows(folder).values()
    assert shown("expires-at", page.text) == f"{expires_at:%Y-%m-%d %H:%M} UTC"
    assert expires_at - datetime.now(timezone.utc) > KEPT_FOR / 2


def test_a_basket_that_is_empty_again_leaves_nothing(visitor: Visitor, folder: Path) -> None:
    visitor.send_form("/basket/add", item="tea")
    assert "none yet" in visitor.send_form("/basket/remove", item="tea").text
    assert rows(folder) == {}


def test_what_is_not_on_the_shelf_is_refused(visitor: Visitor, folder: Path) -> None:
    assert visitor.send_form("/basket/add", item="gold").status_code == 400
    assert rows(folder) == {}


def test_devices_are_signed_out_one_by_one_or_all_others(visitor: Visitor, folder: Path) -> None:
    visitor.headers["user-agent"] = USER_AGENTS["Firefox on Linux"]
    visitor.send_form("/sign-in", name="Ann")
    others = []
    for name in ("Edge on Windows", "Mobile Safari on iOS", "curl"):
        headers = {"user-agent": USER_AGENTS[name]}
        others.append(Visitor(base_url=visitor.base_url, headers=headers))
        others[-1].send_form("/sign-in", name="Bob" if name == "curl" else "Ann")
    ids = visitor.devices()
    assert list(ids) == ["Firefox on Linux, this device", "Mobile Safari on iOS", "Edge on Windows"]
    page = visitor.send_form("/devices/sign-out", id=ids["Edge on Windows"])
    assert "Signed out." in page.text
    for lost in (ids["Edge on Windows"], "nonsense", str(primary_key(folder, "Bob"))):
        assert "signed out already" in visitor.send_form("/devices/sign-out", id=lost).text
    assert [each.get("/devices").status_code for each in others] == [303, 200, 200]
    assert "Signed out 1 other device." in visitor.send_form("/devices/sign-out-others").text
    assert [each.get("/devices").status_code for each in others] == [303, 303, 200]
    assert list(visitor.devices()) == ["Firefox on Linux, this device"]
    assert list(others[-1].devices()) == ["curl, this device"]
    for each in others:
        each.close()


def test_a_device_is_told_in_words() -> None:
    assert [device_name(each) for each in USER_AGENTS.values()] == list(USER_AGENTS)
    assert device_name(None) == "Unknown browser"
    now = datetime.now(timezone.utc)
    times = {59: "just now", 120: "2 minutes ago", 7_200: "2 hours ago", 172_800: "2 days ago"}
    for seconds, words in times.items():
        assert ago(now - timedelta(seconds=seconds), now) == words
    assert ago(None, now) == "at an unknown time"


def test_no_page_runs_a_script_but_that_which_is_told_of_the_end(visitor: Visitor) -> None:
    visitor.send_form("/sign-in", name="Ann")
    policies = {}
    for path in ("/", "/devices", "/live.js", "/nowhere"):
        page = visitor.get(path)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        policies[path] = page.headers["content-security-policy"]
        assert policies[path].startswith("default-src 'none'; ")
        assert ("<script" in page.text) is (path == "/devices")
    assert {path for path, policy in policies.items() if "script-src" in policy} == {"/devices"}
    assert "; script-src 'self'; connect-src 'self'" in policies["/devices"]


def test_a_name_is_shown_as_it_was_typed(visitor: Visitor) -> None:
    page = visitor.send_form("/sign-in", name="<b>Ann</b>").text
    assert "Hello, <bdi>&lt;b&gt;Ann&lt;/b&gt;</bdi>" in page
    assert "<b>Ann</b>" not in page


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\x00", "x" * 61])
def test_what_is_no_name_is_explained_and_kept_in_the_form(visitor: Visitor, name: str) -> None:
    page = visitor.send_form("/sign-in", name=name, keep="yes")
    assert page.status_code == 400
    assert page.text.count('role="alert"') == 1
    assert f'value="{name}"' in page.text.replace("\ufffd", "\x00")
    assert " checked>" in page.text
    assert "Hello" not in visitor.get("/").text


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


def test_no_page_of_another_site_hears_of_a_session(config: SQLAlchemySessionConfig) -> None:
    with TestClient(app_of(config, stay_live)) as client:
        client.post("/set", json={"name": "Ann"})
        ours, theirs = str(client.base_url), "http://localhost:3000"
        with client.websocket_connect("/live", headers={"origin": ours}) as socket:
            assert socket.receive_json() == {"name": "Ann"}
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/live", headers={"origin": theirs}) as socket,
        ):
            socket.receive_json()
