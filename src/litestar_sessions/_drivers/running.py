"""What runs coroutines here, which has to be asyncio: that is what async drivers work with."""

from __future__ import annotations

import asyncio

from litestar_sessions.exceptions import ConfigurationError

__all__ = ("running_loop",)


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running event loop.

    Raises:
        ConfigurationError: Something else than asyncio runs this.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError(
            "Sessions need asyncio, and this runs in another framework, such as trio: serve and "
            "test the application with asyncio, as in TestClient(app, backend='asyncio').",
        ) from None
