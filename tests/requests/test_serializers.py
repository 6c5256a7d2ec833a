"""A serializer may write the same session as other bytes each time: what is meant is compared."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import re
import secrets
from typing import TYPE_CHECKING, Any, get_args

import pytest
from litestar.exceptions import SerializationException

from litestar_sessions import SessionPlugin
from litestar_sessions._requests.codec import encode
from litestar_sessions._requests.merging import is_same
from tests.support.roundtrips import StatementCounter
from tests.support.site import MAX_AGE, Site, Wiring, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.clock import Clock


class Point:
    """What has no idea of being equal."""

    def __init__(self, x: int) -> None:
        self.x = x


def sealing(base: Any) -> Any:
    class Sealing(base):  # type: ignore[misc]  # the base is a parameter
        @staticmethod
        def serialize_data(data: Any, scope: Any = None) -> bytes:  # noqa: ARG004
            # It knows whole sessions only, as one does that writes the version of its format.
            text = json.dumps({"version": 1, **data}, default=lambda each: each.decode("latin-1"))
            return secrets.token_bytes(8) + base64.b64encode(text.encode())

        def deserialize_data(self, data: bytes) -> dict[str, Any]:
            session: dict[str, Any] = json.loads(base64.b64decode(data[8:]))
            assert session.pop("version") == 1
            return session

    return Sealing


def pickling(base: Any) -> Any:
    class Pickling(base):  # type: ignore[misc]  # the base is a parameter
        @staticmethod
        def serialize_data(data: Any, scope: Any = None) -> bytes:  # noqa: ARG004
            return secrets.token_bytes(8) + pickle.dumps({**data, "point": Point(1)})

        @staticmethod
        def deserialize_data(data: Any) -> Any:
            return pickle.loads(data[8:])

    return Pickling


def _name(parameter: tuple[str, Any]) -> str:
    wiring, subclass = parameter
    return f"{wiring}-{subclass.__name__}"


@pytest.fixture(params=[(w, c) for w in get_args(Wiring) for c in (sealing, pickling)], ids=_name)
async def site(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    wiring, subclass = request.param
    url = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    arguments: dict[str, Any] = {"is_async": True, "clock": clock, "subclass": subclass}
    async with open_site(url, wiring=wiring, **arguments) as site:
        site.app.type_encoders = {Point: vars}
        yield site


async def test_a_read_is_no_write(site: Site, clock: Clock) -> None:
    counter = StatementCounter()
    await site.backend.engine.dispose()
    counter.watch(site.engine)
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann", "cart": {"items": [1, None, 0.5]}})
        for method, path, body in (("GET", "/quiet", None), ("POST", "/set", {"user": "Ann"})):
            counter.reset()
            response = await client.request(method, path, json=body)
            assert "set-cookie" not in response.headers
            assert counter.count == 1
        clock.advance(seconds=MAX_AGE / 2)
        counter.reset()
        assert "set-cookie" in (await client.get("/quiet")).headers
        assert counter.count == 2  # it was renewed, which changes no data


async def test_both_of_two_requests_keep_their_changes(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"user": "Ann", "cart": [1], "old": 1})
        slow = asyncio.create_task(client.post("/set?hold=1", json={"slow": {"a": [1]}}))
        await site.gate.reached()
        await client.post("/set", json={"user": "Bob", "cart": [1, 2]})
        await client.post("/remove", json=["old"])
        site.gate.open()
        await slow
        stored = await site.backend.get(client.cookies["session"])
    session = site.backend.deserialize_data(stored)
    session.pop("point", None)
    assert session == {"user": "Bob", "cart": [1, 2], "slow": {"a": [1]}}


async def test_a_change_that_only_types_tell_is_written(site: Site) -> None:
    async with site.visitor() as client:
        await client.post("/set", json={"flag": 1})
        await client.post("/set", json={"flag": True})
        stored = await site.backend.get(client.cookies["session"])
    assert site.backend.deserialize_data(stored)["flag"] is True


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [1]}, {"b": [1], "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": None}, {}, False),
        (1, True, False),
        (1, 1.0, False),
        ([1], (1,), False),
        ([1, 2], [1], False),
        ({"a": [{"b": 1}]}, {"a": [{"b": True}]}, False),
        (float("nan"), float("nan"), True),
        (Point(1), Point(1), True),
        (Point(1), Point(2), False),
        (object(), object(), False),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value)),
)
def test_values_are_the_same_if_their_types_are_too(one: Any, other: Any, *, same: bool) -> None:
    assert is_same(one, other) is same


def test_a_value_that_cannot_be_serialized_is_named_by_its_key(tmp_path: Path) -> None:
    config = SessionPlugin(f"sqlite:///{tmp_path}/sessions.db").config
    session = {"user": "Ann", "basket": {"items": [object()]}}
    scope: Any = None
    with pytest.raises(SerializationException, match=r"under 'basket' .*dict") as caught:
        encode(config.create_backend(), session, scope)
    assert "Ann" not in str(caught.value)
