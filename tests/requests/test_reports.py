"""What reports of errors that have the variables of frames show of a session: nothing."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest
from litestar import post
from litestar.testing import TestClient
from sqlalchemy import event

from litestar_sessions import SessionPlugin, StoredSession, save_session
from litestar_sessions._sql.keys import make_keys
from litestar_sessions._sql.seals import Seals
from tests.support.apps import Visit, app_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clock import Clock

SECRET = "a key that nobody may see, " * 2
USER = "a tortoise"
LITESTARS = {"scope", "scope_state"}
"""What Litestar's own frames have in any case: the headers of the request, and its body."""


def shown(error: BaseException | None) -> Iterator[str]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        for frame in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
            yield from (
                f"{frame.filename} {frame.name} {name} = {value}"
                for name, value in (frame.locals or {}).items()
                if name not in LITESTARS
            )
        yield f"{error!r} {error}"
        error = error.__cause__ or error.__context__


def fail(_: Any, __: Any, statement: str, *___: Any) -> None:
    if statement.startswith(("UPDATE", "SELECT", "DELETE")):
        raise LookupError("of the database")


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
@pytest.mark.parametrize("moment", ["load", "save", "save_session", "sign-out", "conflict"])
def test_a_report_of_an_error_shows_no_session(tmp_path: Any, driver: str, moment: str) -> None:
    errors: list[BaseException] = []
    plugin = SessionPlugin(
        f"{driver}:///{tmp_path}/sessions.db",
        session_id_keys=[SECRET],
        data_keys=[SECRET],
        on_conflict="error",
    )
    engine: Any = plugin.config.engine
    engine = getattr(engine, "sync_engine", engine)

    @post("/change")
    async def change(request: Visit) -> None:
        request.session["user"] = USER + " that is slow"
        if moment == "conflict":
            backend = plugin.config.create_backend()
            await backend.set(client.cookies["session"], b'{"user":"a hare"}')
        elif moment != "load":
            event.listen(engine, "before_cursor_execute", fail)
        if moment == "sign-out":
            request.clear_session()
        elif moment == "save_session":
            await save_session(request)

    app = app_with(
        plugin, handlers=[change], after_exception=[lambda error, _: errors.append(error)]
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        client.post("/set", json={"user": USER})
        session_id = client.cookies["session"]
        if moment == "load":
            event.listen(engine, "before_cursor_execute", fail)
        response = client.post("/change")
    assert response.status_code >= 400
    report = [line for error in errors for line in shown(error)]
    assert report
    assert [line for line in report if session_id in line or USER in line or SECRET in line] == []
    if moment != "conflict":
        assert any("LookupError" in line for line in report)


def test_what_has_secrets_does_not_show_them(clock: Clock) -> None:
    plugin = SessionPlugin("sqlite://", session_id_keys=[SECRET], data_keys=[SECRET])
    config, backend = plugin.config, plugin.config.create_backend()
    stored = StoredSession(USER.encode(), clock.after(minutes=1), key="digest")
    assert config.seals is not None
    seal = config.seals.begin("id")
    assert str(seal.key) not in repr(seal)
    for each in (
        config,
        config.keys,
        config.seals,
        seal,
        config.policy,
        config.settings,
        backend,
        stored,
    ):
        assert SECRET not in repr(each)
        assert USER not in repr(each)
    assert "digest" not in repr(stored)
    for attribute in vars(backend).values():
        assert SECRET not in repr(attribute)


def test_a_report_of_a_short_secret_shows_none() -> None:
    with pytest.raises(ValueError, match=r"secrets\.token_hex") as raised:
        make_keys(hash_ids=True, secrets=[SECRET, "too short"], take_over=None)
    with pytest.raises(ValueError, match=r"data_keys has 9 bytes.*secrets\.token_hex") as refused:
        Seals([SECRET, "too short"], "sessions")
    assert [line for line in shown(refused.value) if SECRET in line and __file__ not in line] == []
    report = [line for line in shown(raised.value) if "make_keys" in line or "keys.py" in line]
    assert report
    assert [line for line in report if SECRET in line and __file__ not in line] == []
