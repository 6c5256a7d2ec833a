"""The sessions of whoever is signed in, as devices: listed, and signed out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from humanize import naturaltime
from litestar import get, post
from ua_parser import parse

from examples.demo.pages import Answer, Visit, go_to, page_with_script, sent
from litestar_sessions import end_other_sessions, end_session, list_sessions

if TYPE_CHECKING:
    from litestar_sessions import SessionInfo

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known when a device was seen: a request writes that once in so long."""


@dataclass(frozen=True)
class Device:
    """What a person wants to know of one of their sessions."""

    info: SessionInfo
    name: str
    seen: str
    signed_in: str


@get("/devices")
async def show_devices(request: Visit) -> Answer:
    """List the sessions, this one first; ask whoever is nobody to sign in."""
    if "name" not in request.session:
        return go_to("/sign-in")
    now = request.app.state.backend.clock()
    infos = sorted(await list_sessions(request), key=lambda info: not info.is_current)
    return page_with_script(
        request,
        "devices.html",
        devices=[_device(info, now) for info in infos],
        done=request.session.pop("done", None),
    )


@post("/devices/sign-out")
async def sign_out_device(request: Visit) -> Answer:
    """End one session; that of somebody else is none."""
    is_ended = await end_session(request, await sent(request, "id"))
    return _tell(request, "Signed out." if is_ended else "It was signed out already.")


@post("/devices/sign-out-others")
async def sign_out_others(request: Visit) -> Answer:
    """End every session but this one."""
    count = await end_other_sessions(request)
    return _tell(request, f"Signed out {count} other device{'' if count == 1 else 's'}.")


def device_name(user_agent: str | None) -> str:
    """Return browser and system, such as "Firefox on Linux"; "Unknown browser" for nonsense."""
    client = parse(user_agent or "")
    browser = client.user_agent.family if client.user_agent else "Unknown browser"
    return f"{browser} on {client.os.family}" if client.os else browser


def ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago that was, no more exactly than it is known."""
    if moment is None:
        return "at an unknown time"
    return "just now" if now - moment < SEEN_EVERY else naturaltime(now - moment)


def _device(info: SessionInfo, now: datetime) -> Device:
    seen, signed_in = ago(info.last_seen_at, now), ago(info.signed_in_at, now)
    return Device(info, device_name(info.user_agent), seen, signed_in)


def _tell(request: Visit, done: str) -> Answer:
    """Return to the list, which tells what was done, if there still is a session."""
    if "name" in request.session:
        request.session["done"] = done
    return go_to("/devices")
