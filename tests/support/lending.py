"""One set of servers for all workers of a run: the controller starts them, and workers ask it."""

from __future__ import annotations

from multiprocessing.connection import Client, Listener
from typing import TYPE_CHECKING

from tests.support.databases import StartedServers
from tests.support.servers import LastingThread

if TYPE_CHECKING:
    from tests.support.servers import Access

__all__ = ("Lender", "ask")


class Lender:
    """Starts each server when a worker first asks for it, and stops all of them at the end."""

    def __init__(self) -> None:
        self._servers = StartedServers()
        self._listener = Listener(family="AF_UNIX")
        self.address = str(self._listener.address)
        self._thread = LastingThread(self._answer_all)
        self._thread.start()

    def stop(self) -> None:
        """Stop what has been started; once no worker can ask any more."""
        self._servers.stop()
        self._listener.close()

    def _answer_all(self) -> None:
        while True:
            with self._listener.accept() as worker:
                worker.send(self._answer(worker.recv()))

    def _answer(self, kind: str) -> Access | Exception:
        try:
            return self._servers.server(kind).access
        except Exception as error:  # noqa: BLE001 - the worker raises it
            return error


def ask(address: str, kind: str) -> Access:
    """Return the server of a kind that a lender has.

    Raises:
        Missing: It is not installed; the message says how to get it.
    """
    with Client(address) as lender:
        lender.send(kind)
        answer: Access | Exception = lender.recv()
    if isinstance(answer, Exception):
        raise answer
    return answer
