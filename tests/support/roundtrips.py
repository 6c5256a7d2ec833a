"""A TCP proxy that counts how often clients wait for their server."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Engine
    from typing_extensions import Self

    from tests.support.databases import Database

_CHUNK = 256 * 1024


@dataclass(eq=False)
class _End:
    """One end of a connection, and the bytes that wait to be written to it."""

    socket: socket.socket
    is_client: bool
    peer: _End = field(init=False)
    unsent: bytearray = field(default_factory=bytearray)
    is_asked: bool = False
    """A server's end has been sent something since it last answered."""
    is_orphan: bool = False
    """The peer is closed, and so will be this end as soon as its bytes are written."""

    @property
    def interest(self) -> int:
        reads = 0 if self.is_orphan else EVENT_READ
        return reads | (EVENT_WRITE if self.unsent else 0)


class RoundTripProxy:
    """A loopback port in front of a server, open until its ``with`` block ends.

    A round trip is all that a client sends, in one piece or many, before the server answers.
    What stays without an answer, as a good-bye does, is none.
    It counts before the client sees the answer: whoever has a result may read the count at once.

    Args:
        host: The server's address.
        port: The server's port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._count = 0
        self._lock = threading.Lock()
        self._ends: set[_End] = set()
        self._selector = DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0)
        self._off_switch, self._switched_off = socket.socketpair()
        self._thread = threading.Thread(target=self._relay, name="round-trip-proxy", daemon=True)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._off_switch.close()
        self._thread.join()

    @property
    def count(self) -> int:
        """Round trips on all connections since the last reset, those of log-ins included."""
        with self._lock:
            return self._count

    @property
    def connections(self) -> int:
        """Connections that are open, as far as the proxy has noticed."""
        return sum(end.is_client for end in tuple(self._ends))

    def reset(self) -> None:
        """Count from zero again."""
        with self._lock:
            self._count = 0

    def _relay(self) -> None:
        self._selector.register(self._listener, EVENT_READ)
        self._selector.register(self._switched_off, EVENT_READ)
        while self._off_switch.fileno() >= 0:
            for key, events in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is not self._switched_off:
                    self._handle(key.data, events)
        self._close_all()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        near, far = _End(client, is_client=True), _End(server, is_client=False)
        near.peer, far.peer = far, near
        for end in (near, far):
            end.socket.settimeout(0)
            end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(end.socket, end.interest, end)
            self._ends.add(end)

    def _handle(self, end: _End, events: int) -> None:
        # An earlier event of the same round may have closed or orphaned the end.
        if events & EVENT_READ & end.interest and end in self._ends:
            self._read(end)
        if events & EVENT_WRITE and end in self._ends:
            self._write(end)

    def _read(self, end: _End) -> None:
        try:
            data = end.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._count_answer(end)
            end.peer.unsent += data
        else:
            self._close(end)
            end.peer.is_orphan = True
        self._write(end.peer)

    def _count_answer(self, end: _End) -> None:
        if end.is_client:
            end.peer.is_asked = True
        elif end.is_asked:
            end.is_asked = False
            with self._lock:
                self._count += 1

    def _write(self, end: _End) -> None:
        try:
            del end.unsent[: end.socket.send(end.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._close(end)
            self._close(end.peer)
            return
        if end.interest:
            self._selector.modify(end.socket, end.interest, end)
        else:
            self._close(end)

    def _close(self, end: _End) -> None:
        if end in self._ends:
            self._ends.remove(end)
            self._selector.unregister(end.socket)
            end.socket.close()

    def _close_all(self) -> None:
        for end in tuple(self._ends):
            self._close(end)
        self._selector.close()
        self._listener.close()
        self._switched_off.close()


class StatementCounter:
    """Counts what SQLite executes: it has no wire on which a proxy could count."""

    def __init__(self) -> None:
        self._statements: list[str] = []

    @property
    def count(self) -> int:
        return len(self._statements)

    def reset(self) -> None:
        self._statements.clear()

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "connect", self._trace)

    def _trace(self, connection: Any, _record: object) -> None:
        if hasattr(connection, "run_async"):
            connection.run_async(lambda driver: driver.set_trace_callback(self._statements.append))
        else:
            connection.set_trace_callback(self._statements.append)


@contextmanager
def counting(database: Database) -> Iterator[tuple[StatementCounter | RoundTripProxy, URL]]:
    """Lend a counter for the database, and the URL under which it counts."""
    if database.server is None:
        yield StatementCounter(), database.url
        return
    with RoundTripProxy("127.0.0.1", database.server.port) as proxy:
        yield proxy, database.url.set(port=proxy.port)
