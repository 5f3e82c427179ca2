"""`ReaderPool`: open rasters, lent to one thread at a time and closed when too many lie idle."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from magnet_geo.raster import SceneReader

_MOST_IDLE = 64


class ReaderPool:
    """Keeps readers open between uses; a dataset of thousands of files holds few handles."""

    def __init__(self, most_idle: int = _MOST_IDLE) -> None:
        """Begin empty.

        Args:
            most_idle: Readers that may lie open unused; the one used longest ago is closed first.
        """
        self._most_idle = most_idle
        self._lock = threading.Lock()
        self._idle: OrderedDict[int, tuple[Hashable, SceneReader]] = OrderedDict()

    @contextmanager
    def lend(self, key: Hashable, make: Callable[[], SceneReader]) -> Iterator[SceneReader]:
        """Lends an open reader to one thread.

        Args:
            key: Readers of one key are interchangeable.
            make: Gives a reader that is not open yet.

        Raises:
            SceneError: It cannot be opened.
        """
        reader = self._take(key)
        if reader is None:
            reader = make().__enter__()
        try:
            yield reader
        finally:
            self._give_back(key, reader)

    def close(self) -> None:
        """Closes what lies idle; the pool may be used again."""
        with self._lock:
            readers = [reader for _, reader in self._idle.values()]
            self._idle.clear()
        for reader in readers:
            reader.__exit__(None, None, None)

    def _take(self, key: Hashable) -> SceneReader | None:
        with self._lock:
            found = next((number for number in reversed(self._idle) if self._idle[number][0] == key), None)
            return None if found is None else self._idle.pop(found)[1]

    def _give_back(self, key: Hashable, reader: SceneReader) -> None:
        excess = []
        with self._lock:
            self._idle[id(reader)] = key, reader
            while len(self._idle) > self._most_idle:
                excess.append(self._idle.popitem(last=False)[1][1])
        for old in excess:
            old.__exit__(None, None, None)
