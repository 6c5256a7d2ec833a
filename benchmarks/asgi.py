"""Requests straight to an application: no HTTP, and no client that would cost more than it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("cookie_in", "requester")

Headers = list[tuple[bytes, bytes]]

_REDIRECT = 300


def requester(app: Any, method: str, path: str) -> Callable[[bytes | None], Awaitable[Headers]]:
    """Return what sends a request with a cookie, or without, and returns the answer's headers."""
    raw_path = path.encode()

    async def ask(cookie: bytes | None) -> Headers:
        headers: Headers = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] < _REDIRECT, message
                headers.extend(message["headers"])

        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": raw_path,
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8_000),
            "state": {},
        }
        if cookie is not None:
            scope["headers"].append((b"cookie", cookie))
        await app(scope, _receive, send)
        return headers

    return ask


def cookie_in(headers: Headers) -> bytes:
    """Return the cookie that an answer sets, as a browser would send it back."""
    return next(
        value.partition(b";")[0] for name, value in headers if name.lower() == b"set-cookie"
    )


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
