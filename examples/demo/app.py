"""The application: one page, and three forms that change what it shows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from litestar import Litestar, Request, get, post
from litestar.config.csrf import CSRFConfig
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.template.config import TemplateConfig

from examples.demo.live import stay_live
from examples.demo.sessions import UserSession, describe
from litestar_sessions import SessionPlugin, rotate_session_id, save_session

if TYPE_CHECKING:
    from litestar.datastructures import FormMultiDict
    from sqlalchemy import URL

Visit: TypeAlias = Request[Any, Any, Any]

LIFETIME = timedelta(days=14)
SHOWN = 8
"""How many of the 64 characters of a session ID are shown: too few to take the session over."""
MAX_NAME = 60
MAX_NOTE = 2_000
CONNECT_TIMEOUT = 5
"""How many seconds the database may take to answer at the start."""

# The forms of an open page outlive a restart, so this is not drawn anew each time. An application
# that others can reach takes its secret from its settings.
CSRF_SECRET = "a demo on loopback has no secrets"  # noqa: S105 - as it says

HEADERS = {
    "Cache-Control": "no-store",  # after signing out, "back" must not show the note
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@get("/")
async def show(request: Visit) -> Template:
    """Show the page, and count the visit of whoever is signed in."""
    session = request.session
    if "name" in session:
        session["visits"] = session.get("visits", 0) + 1
    return await _page(request, done=session.pop("done", None))


@post("/sign-in")
async def sign_in(request: Visit) -> Template | Redirect:
    """Remember the name, unless there is one, under a session ID that nobody has seen before.

    What is no name is shown again with the reason.
    """
    if "name" in request.session:
        return _back()
    name = _text(await request.form(), "name")
    tidy = " ".join(name.split())
    problem = None
    if not any(char.isprintable() and not char.isspace() for char in tidy):
        problem = "Please enter a name."
    elif len(tidy) > MAX_NAME:
        problem = f"That is {len(tidy)} characters; please use at most {MAX_NAME}."
    if problem:
        return await _refuse(request, "name", name, problem)
    former_id = _shown_id(request) if request.session else None
    rotate_session_id(request)
    request.session.update(name=tidy, former_id=former_id)
    return _back()


@post("/note")
async def save_note(request: Visit) -> Template | Redirect:
    """Keep the note, whoever it is from; one that is too long is shown again with the reason."""
    # Forms send each line break as two characters, and count it as one.
    note = _text(await request.form(), "note").replace("\r\n", "\n")
    if len(note) > MAX_NOTE:
        problem = f"That is {len(note):,} characters; please use at most {MAX_NOTE:,}."
        return await _refuse(request, "note", note, problem)
    request.session.update(note=note, done="Saved.")
    return _back()


@post("/sign-out")
async def sign_out(request: Visit) -> Redirect:
    """Forget everything."""
    request.clear_session()
    return _back()


def show_error(request: Visit, error: HTTPException) -> Template:
    """Show an error of HTTP as a page, for which no session is needed."""
    page = Template(
        "error.html",
        context={"status": HTTPStatus(error.status_code)},
        status_code=error.status_code,
        headers=HEADERS,
    )
    if error.status_code == HTTPStatus.FORBIDDEN:
        # Litestar replaces this cookie only where there is none, so a wrong one would stay forever.
        page.delete_cookie(request.app.csrf_config.cookie_name)  # type: ignore[union-attr]
    return page


def create_app(url: URL) -> Litestar:
    """Return the application, with its sessions in that database.

    Raises:
        ConfigurationError: The driver is unknown or not installed.
    """
    # Cookies do not know ports: another application on this machine must not take ours for its own.
    sessions = SessionPlugin(
        url, key="demo_session", max_age=int(LIFETIME.total_seconds()), model=UserSession
    )
    app = Litestar(
        [show, sign_in, save_note, sign_out, stay_live],
        plugins=[sessions],
        csrf_config=CSRFConfig(CSRF_SECRET, cookie_name="demo_csrf", cookie_httponly=True),
        template_config=TemplateConfig(
            directory=Path(__file__).parent / "templates", engine=JinjaTemplateEngine
        ),
        exception_handlers={HTTPException: show_error},
        openapi_config=None,
    )
    app.state.backend = sessions.config.create_backend()
    app.state.database = describe(url)
    return app


async def connect(app: Litestar) -> None:
    """Connect to the database, create the table if it is missing, and delete expired sessions.

    Raises:
        Exception: The database cannot be used; each driver has exceptions of its own.
    """
    await asyncio.wait_for(app.state.backend.delete_expired(), CONNECT_TIMEOUT)


async def _page(request: Visit, status_code: int = 200, **context: Any) -> Template:
    state = request.app.state
    facts = {
        "session": request.session,
        "stored": await _stored(request),
        "database": state.database,
        "backend": type(state.backend).__name__,
        "lifetime": LIFETIME,
        "max_name": MAX_NAME,
        "max_note": MAX_NOTE,
        "problems": {},
        "typed": {},
    }
    return Template("page.html", context=facts | context, status_code=status_code, headers=HEADERS)


async def _refuse(request: Visit, field: str, typed: str, problem: str) -> Template:
    return await _page(request, 400, problems={field: problem}, typed={field: typed})


async def _stored(request: Visit) -> dict[str, Any] | None:
    """Save the session, and return what the database has of it; ``None`` if it has none."""
    stored = await save_session(request)
    if stored is None:
        return None
    seconds = (stored.expires_at - request.app.state.backend.clock()).total_seconds()
    return {"id": _shown_id(request), "expires_in": timedelta(seconds=round(seconds))}


def _shown_id(request: Visit) -> str:
    return f"{str(request.get_session_id())[:SHOWN]}…"


def _text(form: FormMultiDict, field: str) -> str:
    value = form.get(field)
    return value if isinstance(value, str) else ""


def _back() -> Redirect:
    return Redirect("/", status_code=303)
