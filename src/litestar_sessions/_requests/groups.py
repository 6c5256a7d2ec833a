"""Loads that one statement answers."""

from __future__ import annotations

import asyncio
from contextvars import Context
from copy import copy
from math import inf
from typing import TYPE_CHECKING, Any, Final

from litestar_sessions._drivers.deadlines import Deadline
from litestar_sessions._requests.events import tell_of_sharing
from litestar_sessions.exceptions import SessionDamagedError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Mapping, Sequence

    from litestar_sessions._requests.storage import SessionStorage
    from litestar_sessions._sql.records import StoredSession

__all__ = ("ALONE", "Group", "Load")

ALONE: Final[Any] = object()
"""The outcome of a load that has to be done by a statement of its own."""


class Load:
    """A load that waits for company, and then for the statement that answers them all."""

    __slots__ = ("group", "outcome", "session_id")

    def __init__(self, session_id: str, loop: AbstractEventLoop) -> None:
        self.session_id = session_id
        self.group: Group | None = None
        self.outcome: asyncio.Future[StoredSession | Exception | None] = loop.create_future()
        """It is done, too, if nobody waits for it any more."""

    def settle(self, outcome: StoredSession | Exception | None) -> None:
        """Have an outcome, unless nobody waits for it."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def read(self) -> StoredSession | None:
        """Return the session, or ``None``, or `ALONE`.

        Raises:
            Exception: The statement has failed; it is an error of its own for each load.
        """
        outcome = self.outcome.result()
        if isinstance(outcome, Exception):
            raise _same_again(outcome)
        if self.group is not None and outcome is not ALONE:
            tell_of_sharing(len(self.group.loads) - 1)
        return outcome

    def leave(self) -> bool:
        """Tell, for one that is cancelled, whether a statement of its own was to come."""
        if self.group is not None:
            self.group.leave()
        return not self.outcome.cancelled() and self.outcome.result() is ALONE


class Group:
    """Loads that one statement answers.

    It runs in a task and a context of its own, as it is none of them that it runs for. It may take
    as long as one of them waits.

    Args:
        storage: Where the sessions are.
        loads: Two at least.
        note_answer: Told of the loads when their statement is no longer out, and which of them it
            has left alone.
    """

    def __init__(
        self,
        storage: SessionStorage,
        loads: Sequence[Load],
        note_answer: Callable[[Sequence[Load], Sequence[Load]], None],
    ) -> None:
        self._storage = storage
        self.loads = loads
        self._note_answer = note_answer
        self._deadline = Deadline(inf)

    def send(self, loop: AbstractEventLoop) -> None:
        """Send the statement; from now on nobody joins."""
        for load in self.loads:
            load.group = self
        self._task = Context().run(loop.create_task, self._run())
        _out.add(self)

    def leave(self) -> None:
        """Give the statement up if nobody waits for it any more."""
        if all(load.outcome.done() for load in self.loads):
            self._deadline.expire()

    async def _run(self) -> None:
        session_ids = [load.session_id for load in self.loads]
        alone: list[Load] = []
        try:
            with self._deadline:
                found = await self._storage.load_many(session_ids)
        except (SessionDamagedError, asyncio.CancelledError) as error:
            # Which row is damaged is not known; nor are these loads cancelled if this task is.
            alone = [load for load in self.loads if not load.outcome.done()]
            if isinstance(error, asyncio.CancelledError):
                raise
        except Exception as error:  # noqa: BLE001 - raised where the loads are awaited
            self._settle(dict.fromkeys(session_ids, error))
        else:
            self._settle(found)
        finally:
            _out.discard(self)
            self._note_answer(self.loads, alone)

    def _settle(self, outcomes: Mapping[str, StoredSession | Exception]) -> None:
        for load in self.loads:
            load.settle(outcomes.get(load.session_id))


_out: set[Group] = set()
"""The groups whose statements are out, for an event loop does not keep its tasks."""


def _same_again(error: Exception) -> Exception:
    """Return an error for one of those whom it concerns: whoever handles it may change it."""
    try:
        own = copy(error)
    except Exception:  # noqa: BLE001 - a driver's may be made in another way
        return error
    own.__cause__, own.__context__ = error.__cause__, error.__context__
    own.__suppress_context__ = error.__suppress_context__
    return own.with_traceback(error.__traceback__)
