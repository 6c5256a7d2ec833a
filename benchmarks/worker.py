"""One revision of the package in a process of its own, which takes a turn when it is told to.

Orders come line by line as JSON, and each is answered by a line; the end of the input ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

import litestar_sessions
from benchmarks import apps, contenders
from benchmarks.apps import Where
from benchmarks.contenders import VERBS
from benchmarks.measuring import Turn
from benchmarks.places import Load, Place
from benchmarks.requests import visitors_of
from tests.support.databases import Database

__all__ = ("answer", "place_and_load")


def main() -> None:
    """Serve one place and one load, which the first order names."""
    place, load = place_and_load(json.loads(sys.stdin.readline()))
    answer(str(Path(litestar_sessions.__file__).parents[1]))
    asyncio.run(_serve(place, load))


def place_and_load(order: dict[str, Any]) -> tuple[Place, Load]:
    """Return what an order names."""
    database = Database(make_url(order["url"]))
    return Place(order["driver"], database), Load(**order["load"])


async def _serve(place: Place, load: Load) -> None:
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(contenders.opened(contenders.OURS, place, load))
        app = await stack.enter_async_context(apps.opened(apps.OURS, Where(place, load)))
        visitors = await visitors_of(app, load)
        answer("ready")
        # Nothing else runs in this loop meanwhile.
        for line in sys.stdin:
            order = json.loads(line)
            what, turn = order["what"], Turn(**order["turn"])
            taker: Any = storage if what in VERBS else visitors
            answer(asdict(await taker.take(what, turn)))


def answer(what: object) -> None:
    """Write an answer."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
