"""Threads that work for the sync backend, and that nobody waits for at the end."""

from __future__ import annotations

import threading
from concurrent.futures import wait

import pytest

from litestar_sessions._drivers.workers import Workers


def test_a_result_and_an_error_reach_who_ordered_them() -> None:
    workers = Workers(1)
    assert workers.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 7, 0).result(10)
    assert workers.submit(int, "7", base=8).result(10) == 7
    workers.shutdown()


def test_a_thread_is_used_again_and_another_one_is_started_only_if_all_are_busy() -> None:
    workers = Workers(3)
    names = {workers.submit(lambda: threading.current_thread().name).result(10) for _ in range(9)}
    assert len(names) == 1
    together = threading.Barrier(3)
    wait([workers.submit(together.wait, 10) for _ in range(3)])
    assert not together.broken
    workers.shutdown()


def test_what_was_cancelled_before_a_thread_was_free_is_not_done() -> None:
    workers, gate, done = Workers(1), threading.Event(), list[str]()
    busy = workers.submit(gate.wait, 10)
    later = workers.submit(done.append, "cancelled")
    last = workers.submit(done.append, "done")
    assert later.cancel()
    gate.set()
    assert busy.result(10)
    last.result(10)
    assert done == ["done"]
    workers.shutdown()


def test_what_is_ordered_after_the_end_is_done_too() -> None:
    workers, gate = Workers(2), threading.Event()
    busy = workers.submit(gate.wait, 10)
    workers.shutdown()
    assert workers.submit(lambda: "late").result(10) == "late"
    gate.set()
    assert busy.result(10)
    workers.shutdown()


def test_idle_threads_end_and_no_interpreter_waits_for_busy_ones() -> None:
    workers = Workers(2)
    threads = [workers.submit(threading.current_thread).result(10) for _ in range(2)]
    assert all(thread.daemon for thread in threads)
    workers.shutdown()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
