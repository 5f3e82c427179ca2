"""Samples prepared in a second thread while the network computes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def prefetched(items: Iterator[Item], *, depth: int = 2) -> Iterator[Item]:
    """Yields the same items in the same order, up to `depth` of them made in advance.

    Args:
        items: Any iterator; it is only ever advanced from one thread.
        depth: How many finished items may wait.

    Raises:
        Exception: Whatever `items` raised, at the place in the order where it did.
    """
    waiting: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def offer(entry: tuple[Item | None, BaseException | None]) -> None:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=0.1)
                return
            except queue.Full:
                continue

    def fill() -> None:
        try:
            for item in items:
                offer((item, None))
                if stopped.is_set():
                    return
            offer((None, StopIteration()))
        except BaseException as error:
            offer((None, error))

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        # A thread still inside native code when the interpreter ends would abort the process.
        thread.join()
