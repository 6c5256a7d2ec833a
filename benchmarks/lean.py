"""The least that sessions can cost: a middleware written by hand for one driver."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from msgspec import json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("LeanSessions",)

_COOKIE = b"session="
_DATA = 2


class LeanSessions:
    """Loads what a cookie names in one round trip, and saves what was changed in another.

    Args:
        app: What has sessions.
        ask: What performs a verb of the floor.
    """

    def __init__(self, app: Any, ask: Callable[..., Awaitable[Any]]) -> None:
        self._app = app
        self._ask = ask

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        session_id, known = _session_id_in(scope["headers"]), b"{}"
        if session_id is not None:
            row = await self._ask("load", session_id)
            known = bytes(row[_DATA])
        scope["session"] = json.decode(known)

        async def send_with_cookie(message: Any) -> None:
            if message["type"] == "http.response.start":
                data = json.encode(scope["session"])
                if data != known:
                    await self._save(session_id, data, message)
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    async def _save(self, session_id: str | None, data: bytes, message: Any) -> None:
        if session_id is not None:
            await self._ask("save", session_id, data)
            return
        session_id = secrets.token_hex(32)
        await self._ask("create", session_id, data)
        cookie = b"%s%s; Path=/; HttpOnly; SameSite=lax" % (_COOKIE, session_id.encode())
        message["headers"] = [*message["headers"], (b"set-cookie", cookie)]


def _session_id_in(headers: list[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"cookie" and value.startswith(_COOKIE):
            return value[len(_COOKIE) :].decode()
    return None
