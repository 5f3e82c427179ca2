"""Samples prepared in other threads while the network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


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
