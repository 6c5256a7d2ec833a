"""A storage whose answers a test holds back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from litestar_sessions._requests.wrapping import WrappedStorage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.records import StoredSession

P = ParamSpec("P")
T = TypeVar("T")


class HeldStorage(WrappedStorage):
    """Asks another storage at once, and keeps what it answers to loads until that is released."""

    def __init__(self, storage: SessionStorage) -> None:
        super().__init__(storage)
        self.asked: list[list[str]] = []
        """The session IDs of each statement."""
        self._answered = 0
        self._gates: list[asyncio.Event] = []
        self._is_open = False

    async def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await verb(*args, **kwargs)

    def load(self, session_id: str) -> Awaitable[StoredSession | None]:
        return self._hold([session_id], self._storage.load(session_id))

    def load_many(self, session_ids: Sequence[str]) -> Awaitable[dict[str, StoredSession]]:
        return self._hold(list(session_ids), self._storage.load_many(session_ids))

    async def _hold(self, session_ids: list[str], answer: Awaitable[T]) -> T:
        self.asked.append(session_ids)
        self._gates.append(gate := asyncio.Event())
        if self._is_open:
            gate.set()
        try:
            return await answer
        finally:
            self._answered += len(session_ids)
            await gate.wait()

    async def answered(self, count: int) -> None:
        """Return once the database has answered for as many session IDs."""
        while self._answered < count:
            await asyncio.sleep(0)

    def release_first(self) -> None:
        """Hand out the answer to the first statement."""
        self._gates[0].set()

    def release(self) -> None:
        """Hand out whatever is answered from now on, and was before."""
        self._is_open = True
        for gate in self._gates:
            gate.set()
