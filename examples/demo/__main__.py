"""The command line: ``DATABASE_URL`` and ``PORT`` in, a small site out."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

import uvicorn

from examples.demo.app import CONNECT_TIMEOUT, connect, create_app
from examples.demo.database import describe, parse_url
from litestar_sessions import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import URL

HOST = "127.0.0.1"
DEFAULT_URL = "sqlite+aiosqlite:///sessions.db"
DEFAULT_PORT = "8000"
REMEDY = "Check DATABASE_URL, and that the database exists and its server runs."


def main() -> None:
    """Serve the demo until Ctrl+C; exit with 1 and one line if it cannot be served."""
    try:
        url = parse_url(os.environ.get("DATABASE_URL") or DEFAULT_URL)
        with _listen(os.environ.get("PORT") or DEFAULT_PORT) as listener:
            asyncio.run(_serve(url, listener))
    except ConfigurationError as error:
        sys.exit(f"DATABASE_URL cannot be used: {error}")
    except KeyboardInterrupt:
        pass


def _listen(port: str) -> socket.socket:
    try:
        return socket.create_server((HOST, int(port)))
    except (ValueError, OverflowError):
        sys.exit(f"PORT must be a number from 0 to 65535, and not {port!r}.")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        sys.exit(f"Port {port} cannot be used: {reason}. Choose another one with PORT=8001.")


async def _serve(url: URL, listener: socket.socket) -> None:
    app = create_app(url)
    # Not left to the start of the application, where uvicorn would log a traceback.
    try:
        await connect(app)
    except Exception as error:  # noqa: BLE001 - each driver has exceptions of its own
        _give_up(f"{describe(url)} cannot be used: {_reason(url, error)}. {REMEDY}")
    address = f"http://{HOST}:{listener.getsockname()[1]}"
    line = f"litestar-sessions demo on {address} with {describe(url)}, press Ctrl+C to stop"
    print(line, flush=True)  # noqa: T201 - this is a command line
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_level="warning"))
    await server.serve(sockets=[listener])


def _give_up(message: str) -> NoReturn:
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - this is a command line
    # A usual exit waits for the threads of drivers, one of which may still wait for the server, and
    # closes the event loop, about which aiosqlite's would complain.
    os._exit(1)


def _reason(url: URL, error: Exception) -> str:
    """Return the driver's own words in one line, without the password."""
    if isinstance(error, asyncio.TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT} seconds"
    cause = getattr(error, "orig", None) or error
    words = " ".join(str(cause).split()).rstrip(".") or type(cause).__name__
    return words.replace(url.password, "***") if url.password else words


if __name__ == "__main__":
    main()
