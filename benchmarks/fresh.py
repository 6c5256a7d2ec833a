"""Work for an interpreter of its own, which nothing that ran before has changed."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("in_fresh_process",)

T = TypeVar("T")


def in_fresh_process(work: Callable[..., T], *arguments: object) -> T:
    """Call a function of a module, with arguments that can be pickled, and return what it does."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()
