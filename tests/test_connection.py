"""What a handler can ask for beyond ``request.session``, and when it is too late for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.response import Stream
from litestar.testing import TestClient

from litestar_sessions import (
    ResponseStartedError,
    SQLAlchemySessionConfig,
    rotate_session_id,
    save_session,
)
from tests.support.apps import Visit, app_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def test_what_follows_the_start_of_a_response_is_saved_on_demand(
    config: SQLAlchemySessionConfig,
) -> None:
    errors: list[type[Exception]] = []

    async def later(request: Visit, *, save: bool) -> None:
        request.session["later"] = save
        try:
            rotate_session_id(request)
        except ResponseStartedError as error:
            errors.append(type(error))
        if save:
            await save_session(request)

    @get("/stream")
    async def stream(request: Visit) -> Stream:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"first"
            await later(request, save="save" in request.query_params)
            yield b"second"

        request.session["streamed"] = True
        return Stream(chunks())

    @get("/background")
    async def background(request: Visit) -> Response[str]:
        request.session["background"] = True
        task = BackgroundTask(later, request, save="save" in request.query_params)
        return Response("done", background=task)

    with TestClient(app_of(config, stream, background)) as client:
        for path in ("/stream", "/background"):
            key = {"/stream": "streamed", "/background": "background"}[path]
            client.get(path)
            assert client.get("/").json() == {key: True}
            client.get(path, params={"save": "yes"})
            assert client.get("/").json() == {key: True, "later": True}
            client.post("/clear")
    assert errors == [ResponseStartedError] * 4


def test_saving_early_keeps_what_an_error_follows(config: SQLAlchemySessionConfig) -> None:
    @post("/early")
    async def early(request: Visit) -> None:
        request.session["early"] = True
        stored = await save_session(request)
        assert stored is not None
        assert stored.expires_at > config.clock()
        request.session["late"] = True
        raise RuntimeError

    with TestClient(app_of(config, early), raise_server_exceptions=False) as client:
        response = client.post("/early")
        assert response.status_code == 500
        assert "session" in response.cookies
        assert client.get("/").json() == {"early": True}
