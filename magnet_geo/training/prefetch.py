"""Samples prepared in a second thread while the network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
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
