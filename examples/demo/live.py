"""A WebSocket that notices the end of its session, wherever its visitor has signed out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from litestar import WebSocket, websocket

from litestar_sessions import refresh_session

ASKED_EVERY = 2
"""After how many seconds the session is asked about again; a message asks at once."""
SIGNED_OUT = 4401
"""The code that the socket is closed with then: 4000, and the status of HTTP for it."""


@websocket("/live")
async def stay_live(socket: WebSocket[Any, Any, Any]) -> None:
    """Say who is signed in, as often as the client says anything, until nobody is."""
    await socket.accept()
    while await refresh_session(socket) is not None and "name" in socket.session:
        await socket.send_json({"name": socket.session["name"]})
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(socket.receive_text(), ASKED_EVERY)
    await socket.close(SIGNED_OUT)
