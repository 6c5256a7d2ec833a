"""Turns of contenders in interleaved rounds, and what is made of their timings.

Every round gives every contender a turn, so that what else the machine does meets them all.
A figure is the median of the rounds, or of the ratios within each round.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from benchmarks.settings import Settings

__all__ = (
    "Spread",
    "Timing",
    "Turn",
    "cpu_ratios",
    "in_tasks",
    "in_threads",
    "middle",
    "ratios",
    "shares",
    "take_turns",
)

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """How long a number of operations took, in seconds."""

    count: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.count / self.wall


@dataclass(frozen=True)
class Turn:
    """When a contender makes way for the next."""

    operations: int
    seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Turn:
        """Return the turn that the settings describe."""
        return cls(settings.operations, settings.seconds)


@dataclass(frozen=True)
class Spread:
    """The median of some values, and the ends of the middle half of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return the spread of one value or more."""
        known = list(values)
        if len(known) == 1:
            return cls(known[0], known[0], known[0])
        low, _, high = quantiles(known, n=4, method="inclusive")
        return cls(median(known), low, high)


def ratios(mine: Sequence[Timing], base: Sequence[Timing]) -> Spread:
    """Return one contender's rate over another's, round by round."""
    return Spread.of(one.rate / other.rate for one, other in zip(mine, base, strict=True))


def cpu_ratios(mine: Sequence[Timing], base: Sequence[Timing]) -> Spread:
    """Return the CPU time of one contender's operations over another's, round by round."""
    pairs = zip(mine, base, strict=True)
    return Spread.of((one.cpu / one.count) / (other.cpu / other.count) for one, other in pairs)


def middle(timings: Sequence[Timing]) -> dict[str, float]:
    """Return the median rate, and the CPU time of an operation in microseconds."""
    return {
        "per_second": median(timing.rate for timing in timings),
        "cpu_us": median(timing.cpu / timing.count * 1e6 for timing in timings),
    }


async def take_turns(
    contenders: Mapping[K, Callable[[], Awaitable[Timing]]], rounds: int, *, warms_up: bool = True
) -> dict[K, list[Timing]]:
    """Return the timings of every contender, round by round.

    A first round is not counted: in it connections are opened and statements prepared.

    Args:
        contenders: What takes a turn, by name.
        rounds: How many are counted.
        warms_up: Whether there is that first round.
    """
    timings: dict[K, list[Timing]] = {name: [] for name in contenders}
    for number in range(0 if warms_up else 1, rounds + 1):
        order = list(contenders)[:: 1 if number % 2 else -1]
        for name in order:
            timing = await contenders[name]()
            if number > 0:
                timings[name].append(timing)
    return timings


def shares(things: Sequence[T], workers: int) -> list[list[T]]:
    """Deal out things to workers, so that no two have the same one."""
    return [list(things[first::workers]) for first in range(workers)]


async def in_tasks(
    perform: Callable[[T], Awaitable[object]], sources: Sequence[Iterator[T]], turn: Turn
) -> Timing:
    """Perform an operation on what each source has to offer, in one task for each."""
    each = -(-turn.operations // len(sources))
    deadline = perf_counter() + turn.seconds

    async def work(source: Iterator[T]) -> int:
        for done in range(1, each + 1):
            await perform(next(source))
            if perf_counter() > deadline:
                return done
        return each

    wall, cpu = perf_counter(), process_time()
    counts = await asyncio.gather(*map(work, sources))
    return Timing(sum(counts), perf_counter() - wall, process_time() - cpu)


def in_threads(
    perform: Callable[[T], object],
    sources: Sequence[Iterator[T]],
    turn: Turn,
    threads: ThreadPoolExecutor,
) -> Timing:
    """Perform an operation on what each source has to offer, in one thread for each."""
    each = -(-turn.operations // len(sources))
    deadline = perf_counter() + turn.seconds

    def work(source: Iterator[T]) -> int:
        for done in range(1, each + 1):
            perform(next(source))
            if perf_counter() > deadline:
                return done
        return each

    wall, cpu = perf_counter(), process_time()
    counts = list(threads.map(work, sources))
    return Timing(sum(counts), perf_counter() - wall, process_time() - cpu)
