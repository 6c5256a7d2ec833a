"""A WebSocket that notices the end of its session, and the script of pages that use it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, WebSocket, get, websocket
from litestar.exceptions import PermissionDeniedException

from examples.demo.pages import HEADERS
from litestar_sessions import refresh_session

ASKED_EVERY = 2
"""After how many seconds the session is asked about again; a message asks at once."""
SIGNED_OUT = 4401
"""The code that the socket is closed with then: 4000, and the status of HTTP for it."""
SCRIPT = (Path(__file__).parent / "templates" / "live.js").read_text(encoding="utf-8")


@websocket("/live")
async def stay_live(socket: WebSocket[Any, Any, Any]) -> None:
    """Say who is signed in, as often as the client says anything, until nobody is."""
    _refuse_foreign_pages(socket)
    await socket.accept()
    while await refresh_session(socket) is not None and "name" in socket.session:
        await socket.send_json({"name": socket.session["name"]})
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(socket.receive_text(), ASKED_EVERY)
    await socket.close(SIGNED_OUT)


@get("/live.js")
async def send_script() -> Response[str]:
    """Return what has a page say that its session has ended."""
    return Response(SCRIPT, media_type="text/javascript", headers=HEADERS)


def _refuse_foreign_pages(socket: WebSocket[Any, Any, Any]) -> None:
    """Let nobody listen but pages of this site: those on other ports send the cookie too.

    Raises:
        PermissionDeniedException: The browser says that the page is another site's.
    """
    origin = socket.headers.get("origin")
    if origin and urlsplit(origin).netloc != socket.headers.get("host"):
        raise PermissionDeniedException
