"""Samples prepared in other threads while the network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


class _End(Enum):
    REACHED = auto()


def prefetched(items: Iterator[Item], *, depth: int = 2) -> Iterator[Item]:
    """Yields the same items in the same order, up to `depth` of them made in advance.

    Args:
        items: Any iterator; it is only ever advanced from one thread.
        depth: How many items may be waiting or in the making.

    Raises:
        Exception: Whatever `items` raised, at the place in the order where it did.
    """

    def make_next() -> Item | _End:
        return next(items, _End.REACHED)

    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting: deque[Future[Item | _End]] = deque(thread.submit(make_next) for _ in range(depth))
        while (item := waiting.popleft().result()) is not _End.REACHED:
            waiting.append(thread.submit(make_next))
            yield item


Number = TypeVar("Number")


def made_in_threads(
    make: Callable[[Number], Item], numbers: Iterable[Number], *, workers: int, depth: int
) -> Iterator[Item]:
    """Yields what `make` gives for each number, in their order, some of it made in advance.

    Args:
        make: Called from several threads at once.
        numbers: What to make, perhaps without end.
        workers: Threads.
        depth: How many items may be waiting or in the making.

    Raises:
        Exception: Whatever `make` raised, at the place in the order where it did.
    """
    upcoming = iter(numbers)
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="samples")
    try:
        waiting = deque(pool.submit(make, number) for number in islice(upcoming, depth))
        while waiting:
            item = waiting.popleft().result()
            waiting.extend(pool.submit(make, number) for number in islice(upcoming, 1))
            yield item
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
