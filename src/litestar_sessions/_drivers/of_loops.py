"""What each event loop has one of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary, ref

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

T = TypeVar("T")

__all__ = ("OfLoops",)


class OfLoops(Generic[T]):
    """Has one thing for each event loop, until the loop is closed or gone.

    Args:
        make: What makes it; it must not keep the loop.
    """

    def __init__(self, make: Callable[[AbstractEventLoop], T]) -> None:
        self._make = make
        self._things: WeakKeyDictionary[AbstractEventLoop, T] = WeakKeyDictionary()
        self._last: tuple[Callable[[], AbstractEventLoop | None], T] | None = None

    def of(self, loop: AbstractEventLoop) -> T:
        """Return the one of a loop, which runs in this thread."""
        last = self._last  # one value, since another thread may have another loop
        if last is not None and last[0]() is loop:
            return last[1]
        for closed in [each for each in tuple(self._things) if each.is_closed()]:
            self._things.pop(closed, None)
        thing = self._things.get(loop)
        if thing is None:
            thing = self._things[loop] = self._make(loop)
        self._last = ref(loop), thing
        return thing
