"""One of the applications under uvicorn, in a process of its own that ends with its input."""

from __future__ import annotations

import asyncio
import json
import socket
import sys

import uvicorn
import uvloop
from sqlalchemy import make_url

from benchmarks.apps import Where, opened
from benchmarks.places import Load, Place
from tests.support.databases import Database

__all__ = ()


def main() -> None:
    """Serve what the first line of the input describes, and print the port."""
    order = json.loads(sys.stdin.readline())
    place = Place(order["driver"], Database(make_url(order["url"])))
    where = Where(place, Load(**order["load"]), order["redis_port"])
    uvloop.run(_serve(order["name"], where))


async def _serve(name: str, where: Where) -> None:
    async with opened(name, where) as app:
        config = uvicorn.Config(
            app, lifespan="off", log_level="warning", access_log=False, http="httptools"
        )
        server = uvicorn.Server(config)
        asyncio.get_running_loop().add_reader(sys.stdin, _end, server)
        with socket.create_server(("127.0.0.1", 0), backlog=1_024) as listener:
            print(listener.getsockname()[1], flush=True)
            await server.serve(sockets=[listener])


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True


if __name__ == "__main__":
    main()
