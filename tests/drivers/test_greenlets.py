"""Greenlets are used again, and nothing of a call stays in them."""

from __future__ import annotations

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest
from greenlet import getcurrent
from sqlalchemy.util import await_only

from litestar_sessions._drivers.greenlets import MOST_IDLE, call_in_greenlet

if TYPE_CHECKING:
    from collections.abc import Iterator

request_id: ContextVar[str] = ContextVar("request_id", default="none")


@pytest.fixture(autouse=True)
def no_garbage() -> Iterator[None]:
    """Let nothing be freed by chance."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Answer:
    """What can be watched."""


async def pause() -> Answer:
    await asyncio.sleep(0)
    return Answer()


def wait() -> Answer:
    return await_only(pause())


async def test_calls_one_after_the_other_have_the_same_greenlet() -> None:
    assert await call_in_greenlet(getcurrent) is await call_in_greenlet(getcurrent)


async def test_calls_at_once_have_a_greenlet_each_and_few_are_kept() -> None:
    def where() -> object:
        await_only(asyncio.sleep(0))
        return getcurrent()

    count = MOST_IDLE + 10
    first = await asyncio.gather(*[call_in_greenlet(where) for _ in range(count)])
    assert len(set(first)) == count
    second = await asyncio.gather(*[call_in_greenlet(where) for _ in range(count)])
    assert len(set(first) & set(second)) == MOST_IDLE


async def test_every_thread_has_its_own() -> None:
    here = await call_in_greenlet(getcurrent)
    with ThreadPoolExecutor(1) as threads:
        there = threads.submit(lambda: asyncio.run(call_in_greenlet(getcurrent))).result()
        assert here is not there
        assert here is await call_in_greenlet(getcurrent)


async def test_nothing_is_kept_of_an_answer() -> None:
    answer = weakref.ref(await call_in_greenlet(wait))
    assert answer() is None


async def test_nothing_is_kept_of_the_first_call_of_a_greenlet() -> None:
    async def first() -> bool:
        argument = Answer()
        watched = weakref.ref(argument)
        await call_in_greenlet(str, argument)
        del argument
        return watched() is None

    with ThreadPoolExecutor(1) as threads:  # a new thread has no greenlet yet
        assert threads.submit(lambda: asyncio.run(first())).result()


async def test_nothing_is_kept_of_an_error() -> None:
    class FailedError(Exception):
        pass

    def fail(_argument: Answer) -> None:
        await_only(asyncio.sleep(0))
        raise FailedError

    argument = Answer()
    watched = weakref.ref(argument)
    with pytest.raises(FailedError) as caught:
        await call_in_greenlet(fail, argument)
    assert "fail" in {entry.name for entry in caught.traceback}
    del argument, caught
    assert watched() is None


async def test_the_variables_are_those_of_the_task() -> None:
    async def call(name: str) -> str:
        request_id.set(name)
        return await call_in_greenlet(lambda: (await_only(asyncio.sleep(0)), request_id.get())[1])

    names = ["a", "b", "c"]
    assert await asyncio.gather(*map(call, names)) == names
    assert await call_in_greenlet(request_id.get) == "none"


async def test_what_is_awaited_may_fail() -> None:
    async def fail() -> None:
        raise LookupError

    def catch() -> str:
        with pytest.raises(LookupError):
            await_only(fail())
        return "caught"

    assert await call_in_greenlet(catch) == "caught"


async def test_a_function_hears_of_the_end_of_its_task() -> None:
    heard = []

    def wait_forever() -> None:
        try:
            await_only(asyncio.Event().wait())
        except asyncio.CancelledError:
            heard.append(getcurrent())
            await_only(asyncio.sleep(0))  # as a connection does that is closed then
            raise

    task = asyncio.create_task(call_in_greenlet(wait_forever))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == [await call_in_greenlet(getcurrent)]
