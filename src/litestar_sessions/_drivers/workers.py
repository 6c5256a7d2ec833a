"""Worker threads that nobody waits for when the interpreter ends."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

__all__ = ("Workers",)


class _Order(NamedTuple):
    future: Future[Any]
    work: Callable[[], Any]


class Workers(Executor):
    """An executor whose threads are left behind if they are still busy at the end.

    `ThreadPoolExecutor` joins its threads then, and one of ours may wait for a silent database.
    A thread is started when all others have something to do.

    Args:
        most: How many threads there are at most; ``None`` for no limit.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._lock = Lock()
        self._threads = 0
        self._unfinished = 0

    @property
    def waiting(self) -> int:
        """How much work waits for a thread."""
        return max(self._unfinished - self._threads, 0)

    def submit(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Have work done by a thread."""
        future: Future[T] = Future()
        with self._lock:
            self._unfinished += 1
            may_start = self._most is None or self._threads < self._most
            if may_start and self._unfinished > self._threads:
                self._threads += 1
                name = f"litestar-sessions_{self._threads}"
                Thread(target=self._work, args=(self._orders,), name=name, daemon=True).start()
            self._orders.put(_Order(future, lambda: work(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as the base
        """Let each thread end as soon as it has nothing to do; wait for none.

        Work that is ordered later is done, by new threads.
        """
        with self._lock:
            for _ in range(self._threads):
                self._orders.put(None)
            # What the former threads still do is none of the later ones' business.
            self._orders, self._threads, self._unfinished = SimpleQueue(), 0, 0

    def _work(self, orders: SimpleQueue[_Order | None]) -> None:
        while (order := orders.get()) is not None:
            _do(order)
            del order  # or an idle thread would keep its session in memory
            with self._lock:
                self._unfinished -= orders is self._orders


def _do(order: _Order) -> None:
    if not order.future.set_running_or_notify_cancel():
        return
    try:
        result = order.work()
    except BaseException as error:  # noqa: BLE001 - it is raised where the work was ordered
        order.future.set_exception(error)
    else:
        order.future.set_result(result)
