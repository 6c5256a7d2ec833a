"""How a response that Litestar's own middleware has had changed is sent as a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.caches import keep_varying

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

    Connection = ASGIConnection[Any, Any, Any, Any]

__all__ = ("restore_when_sent",)


def restore_when_sent(message: Any, connection: Connection) -> None:
    """Have a copy of the message sent, and leave the message as it was before.

    Litestar's middleware sends the message that it has had changed, and whatever is inside may keep
    it: the response cache would hand one visitor's cookie to others.
    """
    headers = list(message["headers"])
    send = connection.send

    async def send_copy(outgoing: Any) -> None:
        connection.send = send
        if outgoing is message:
            outgoing = {**message}
            keep_varying(outgoing)
            message["headers"] = headers
        await send(outgoing)

    connection.send = send_copy
