"""What every page needs: its headers, its template, and what forms send."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from litestar import Request
from litestar.response import Redirect, Template

if TYPE_CHECKING:
    from litestar.exceptions import HTTPException

Visit: TypeAlias = Request[Any, Any, Any]
Answer: TypeAlias = Template | Redirect

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",  # after signing out, "back" must not show the basket
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
HEADERS_WITH_SCRIPT = HEADERS | {
    "Content-Security-Policy": f"{POLICY}; script-src 'self'; connect-src 'self'"
}


def page(request: Visit, template: str, status_code: int = 200, **context: Any) -> Template:
    """Return a page that runs no script."""
    context = {"session": request.session, "here": request.url.path} | context
    return Template(template, context=context, status_code=status_code, headers=HEADERS)


def page_with_script(request: Visit, template: str, **context: Any) -> Template:
    """Return a page that may run the scripts of this site, and be told something by it."""
    context = {"session": request.session, "here": request.url.path} | context
    return Template(template, context=context, headers=HEADERS_WITH_SCRIPT)


async def sent(request: Visit, field: str) -> str:
    """Return the text of a field of the form that was sent."""
    value = (await request.form()).get(field)
    return value if isinstance(value, str) else ""


def go_to(path: str) -> Redirect:
    """Return what has the browser ask for a page, so that no reload sends a form again."""
    return Redirect(path, status_code=303)


def show_error(request: Visit, error: HTTPException) -> Template:
    """Show an error of HTTP as a page, for which no session is needed."""
    answer = Template(
        "error.html",
        context={"status": HTTPStatus(error.status_code)},
        status_code=error.status_code,
        headers=HEADERS,
    )
    if error.status_code == HTTPStatus.FORBIDDEN:
        # Litestar replaces this cookie only where there is none, so a wrong one would stay forever.
        answer.delete_cookie(request.app.csrf_config.cookie_name)  # type: ignore[union-attr]
    return answer
