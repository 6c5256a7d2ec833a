"""A proxy in a process of its own that makes a database as far away as one wants.

Whatever comes is passed on after half the time of a round trip, in either direction.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.places import Place

__all__ = ("moved_away",)

_CHUNK = 256 * 1024


@contextmanager
def moved_away(place: Place, milliseconds: float) -> Iterator[Place]:
    """Lend a database with that many milliseconds more for each round trip."""
    if not milliseconds:
        yield place
        return
    command = (sys.executable, "-m", "benchmarks.distance", str(place.url.host))
    numbers = (str(place.url.port), str(milliseconds))
    with subprocess.Popen(
        (*command, *numbers), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = place.url.set(host="127.0.0.1", port=int(process.stdout.readline()))
            yield replace(place, database=replace(place.database, url=url))
        finally:
            process.kill()


async def _serve(host: str, port: int, milliseconds: float) -> None:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        delay = milliseconds / 2_000
        ways = _pass_on(reader, far_writer, delay), _pass_on(far_reader, writer, delay)
        await asyncio.gather(*ways)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    loop = asyncio.get_running_loop()
    while data := await reader.read(_CHUNK):
        loop.call_later(delay, writer.write, data)
    loop.call_later(delay, writer.close)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
