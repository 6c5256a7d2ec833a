"""The pages of the applications that are compared: one for each kind of request."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, get, post

from benchmarks.tables import data_of

__all__ = (
    "ANONYMOUS",
    "KINDS",
    "PLACES",
    "READ",
    "SIGNED_IN",
    "SIGN_IN",
    "WAIT",
    "WRITE",
    "handlers",
    "plain_handlers",
)

KINDS = ANONYMOUS, READ, WRITE, SIGN_IN = ("anonymous", "read-only", "write", "sign-in")
SIGNED_IN = {READ, WRITE}
"""Those of visitors who have a session."""
WAIT = "wait"
"""A page that keeps its visitors until a gate opens."""
PLACES = {
    ANONYMOUS: ("GET", "/anonymous"),
    READ: ("GET", "/read"),
    WRITE: ("POST", "/write"),
    SIGN_IN: ("POST", "/sign-in"),
    WAIT: ("GET", "/wait"),
}
_TEXT = MediaType.TEXT


@get("/anonymous", media_type=_TEXT)
async def anonymous() -> str:
    """Have nothing to do with the session."""
    return "Hello."


@get("/read", media_type=_TEXT)
async def read(request: Request[Any, Any, Any]) -> str:
    """Read the session."""
    return str(request.session["count"])


@post("/write", media_type=_TEXT)
async def write(request: Request[Any, Any, Any]) -> str:
    """Change the session."""
    request.session["count"] += 1
    return "Written."


@get("/wait", media_type=_TEXT)
async def wait(request: Request[Any, Any, Any]) -> str:
    """Wait with the session, if there are sessions, until the gate opens."""
    session = request.scope.get("session")
    request.app.state.waiting += 1
    await request.app.state.gate.wait()
    return str(bool(session))


def handlers(payload: int) -> list[Any]:
    """Return pages that use sessions of so many bytes."""
    data = data_of(payload).decode()

    @post("/sign-in", media_type=_TEXT)
    async def sign_in(request: Request[Any, Any, Any]) -> str:
        """Begin a session."""
        request.session.update(count=0, data=data)
        return "Welcome."

    return [anonymous, read, write, sign_in, wait]


@get("/read", media_type=_TEXT)
async def plain_read(request: Request[Any, Any, Any]) -> str:
    """Read something else."""
    return str(len(request.headers))


@post("/write", media_type=_TEXT)
async def plain_write(request: Request[Any, Any, Any]) -> str:
    """Change nothing."""
    return str(len(request.headers))


@post("/sign-in", media_type=_TEXT)
async def plain_sign_in(request: Request[Any, Any, Any]) -> str:
    """Begin nothing."""
    return str(len(request.headers))


plain_handlers = [anonymous, plain_read, plain_write, plain_sign_in, wait]
"""The same pages without sessions."""
