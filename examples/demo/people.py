"""Signing in, where a name is enough, and out."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from litestar import get, post

from examples.demo.pages import Answer, Visit, go_to, page, sent
from examples.demo.shop import shown_id
from litestar_sessions import set_session_lifetime

KEPT_FOR = timedelta(days=30)
MAX_NAME = 60


@get("/sign-in")
async def show_sign_in(request: Visit) -> Answer:
    """Ask for a name, unless there is one."""
    return go_to("/") if "name" in request.session else _form(request)


@post("/sign-in")
async def sign_in(request: Visit) -> Answer:
    """Remember the name, unless there is one; what is no name is shown again with the reason.

    The session gets an owner, and with that by itself an ID that nobody has seen before.
    """
    if "name" in request.session:
        return go_to("/")
    typed, keep = await sent(request, "name"), bool(await sent(request, "keep"))
    name = " ".join(typed.split())
    if problem := _problem(name):
        return _form(request, HTTPStatus.BAD_REQUEST, typed=typed, keep=keep, problem=problem)
    former_id = shown_id(request) if request.session else None
    request.session.update(name=name, former_id=former_id)
    if keep:
        set_session_lifetime(request, KEPT_FOR.total_seconds(), persistent=True)
    return go_to("/")


@post("/sign-out")
async def sign_out(request: Visit) -> Answer:
    """Forget everything."""
    request.clear_session()
    return go_to("/")


def _form(
    request: Visit,
    status_code: int = HTTPStatus.OK,
    *,
    typed: str = "",
    keep: bool = False,
    problem: str | None = None,
) -> Answer:
    facts = {"typed": typed, "keep": keep, "problem": problem}
    return page(
        request, "sign-in.html", status_code, **facts, kept_for=KEPT_FOR.days, max_name=MAX_NAME
    )


def _problem(name: str) -> str | None:
    """Return why that is no name, if it is none."""
    if not any(char.isprintable() and not char.isspace() for char in name):
        return "Please enter a name."
    if len(name) > MAX_NAME:
        return f"That is {len(name)} characters; please use at most {MAX_NAME}."
    return None
