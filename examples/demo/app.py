"""The application: what is served, and where its sessions are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig

from examples.demo.database import describe
from examples.demo.devices import SEEN_EVERY, show_devices, sign_out_device, sign_out_others
from examples.demo.live import send_script, stay_live
from examples.demo.pages import show_error
from examples.demo.people import show_sign_in, sign_in, sign_out
from examples.demo.shop import add, remove, show_shop
from litestar_sessions import SessionPlugin

if TYPE_CHECKING:
    from sqlalchemy import URL

LIFETIME = timedelta(days=1)
"""How long a session lives without a visit, unless its visitor wants to be kept signed in."""
CONNECT_TIMEOUT = 5
"""How many seconds the database may take to answer at the start."""

# The forms of an open page outlive a restart, so this is not drawn anew each time. An application
# that others can reach takes its secret from its settings.
CSRF_SECRET = "a demo on loopback has no secrets"  # noqa: S105 - as it says

HANDLERS = (
    *(show_shop, add, remove, show_sign_in, sign_in, sign_out),
    *(show_devices, sign_out_device, sign_out_others, stay_live, send_script),
)


def create_app(url: URL) -> Litestar:
    """Return the application, with its sessions in that database.

    Raises:
        ConfigurationError: The driver is unknown or not installed.
    """
    sessions = _sessions(url)
    app = Litestar(
        HANDLERS,
        plugins=[sessions],
        csrf_config=CSRFConfig(CSRF_SECRET, cookie_name="demo_csrf", cookie_httponly=True),
        template_config=TemplateConfig(
            directory=Path(__file__).parent / "templates", engine=JinjaTemplateEngine
        ),
        exception_handlers={HTTPException: show_error},
        openapi_config=None,
    )
    app.state.backend = sessions.config.create_backend()
    app.state.backend_name = type(app.state.backend).__name__
    app.state.database = describe(url)
    return app


def _sessions(url: URL) -> SessionPlugin:
    return SessionPlugin(
        url,
        # Cookies do not know ports: another application on this machine must not take ours for its
        # own.
        key="demo_session",
        owner="name",
        record_client=True,
        max_age=int(LIFETIME.total_seconds()),
        persistent=False,
        renewal_interval=SEEN_EVERY.total_seconds(),
    )


async def connect(app: Litestar) -> None:
    """Connect to the database, create the table if it is missing, and delete expired sessions.

    Raises:
        Exception: The database cannot be used; each driver has exceptions of its own.
    """
    await asyncio.wait_for(app.state.backend.delete_expired(), CONNECT_TIMEOUT)
