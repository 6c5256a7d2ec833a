"""The end of the time of an operation, and of nothing else."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from litestar_sessions._drivers.deadlines import Deadline, TooLateError, current

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SOON, LATE = 0.05, 30


class Held:
    """A connection that a driver waits for; it ends if it is cut."""

    def __init__(self) -> None:
        self.is_cut = asyncio.Event()

    def terminate(self) -> None:
        self.is_cut.set()


async def test_a_block_in_time_ends_as_it_would() -> None:
    with Deadline(LATE):
        await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError), Deadline(LATE):
        raise ZeroDivisionError
    assert current.get() is None


async def test_blocks_that_begin_one_after_the_other_end_one_after_the_other() -> None:
    ended: list[int] = []

    async def wait(number: int) -> None:
        with pytest.raises(TimeoutError), Deadline(SOON):
            await asyncio.sleep(LATE)
        ended.append(number)

    waiting = []
    for number in range(3):
        waiting.append(asyncio.create_task(wait(number)))
        await asyncio.sleep(SOON / 3)
    await asyncio.wait_for(asyncio.gather(*waiting), LATE / 2)
    assert ended == [0, 1, 2]


async def test_a_block_that_waits_for_something_else_is_interrupted() -> None:
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 seconds"), Deadline(SOON):
        await asyncio.sleep(LATE)
    await asyncio.sleep(0)  # and nothing is left of it
    if sys.version_info >= (3, 11):
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def within(seconds: float, work: Callable[[Deadline], Awaitable[None]]) -> None:
    """Do some work that has so much time."""
    with Deadline(seconds):
        deadline = current.get()
        assert deadline is not None
        await work(deadline)


async def test_a_connection_is_cut_and_the_task_left_alone() -> None:
    held: Any = Held()

    async def ask(deadline: Deadline) -> None:
        deadline.hold(held, writes=False)
        await held.is_cut.wait()
        deadline.release()
        raise ConnectionError("cut")

    with pytest.raises(TimeoutError) as caught:
        await within(SOON, ask)
    assert isinstance(caught.value.__cause__, ConnectionError)


async def test_a_connection_that_was_released_is_not_cut() -> None:
    held: Any = Held()

    async def ask(deadline: Deadline) -> None:
        deadline.hold(held, writes=False)
        deadline.release()
        await asyncio.sleep(LATE)

    with pytest.raises(TimeoutError):
        await within(SOON, ask)
    assert not held.is_cut.is_set()


async def test_a_driver_that_does_not_notice_is_interrupted_after_all() -> None:
    held: Any = Held()

    async def ask(deadline: Deadline) -> None:
        deadline.hold(held, writes=False)
        try:
            await asyncio.sleep(LATE)
        finally:
            deadline.release()

    with pytest.raises(TimeoutError):
        await within(SOON, ask)
    assert held.is_cut.is_set()


async def test_a_block_that_loses_its_interruption_is_interrupted_again() -> None:
    async def be_deaf(_: Deadline) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(LATE)
        await asyncio.sleep(LATE)

    with pytest.raises(TimeoutError):
        await within(SOON, be_deaf)


async def test_who_cancels_the_task_gets_that_and_no_timeout() -> None:
    async def wait() -> None:
        with Deadline(LATE):
            await asyncio.sleep(LATE)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_write_is_not_begun_when_it_could_end_too_late() -> None:
    held: Any = Held()

    async def write(deadline: Deadline) -> None:
        deadline.hold(held, writes=True)
        deadline.release()

    async def read_then_write(deadline: Deadline) -> None:
        await asyncio.sleep(SOON * 4)
        deadline.hold(held, writes=False)
        deadline.release()
        await write(deadline)

    await within(LATE, write)
    with pytest.raises(TooLateError):
        await within(SOON * 10, read_then_write)
