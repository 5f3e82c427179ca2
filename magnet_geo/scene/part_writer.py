"""`PartWriter`: keeps finished windows in a thread of its own, while the next one is being segmented."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from magnet_geo.scene.array_file import Arrays
from magnet_geo.scene.parts_store import PartsStore, Side


@dataclass(frozen=True, slots=True, eq=False)
class FinishedWindow:
    """A window on its way to the disk.

    Attributes:
        index: Of the window.
        part: What it adds to the run; None where it has no pixel to map, or only its bands are wanted.
        bands: What its neighbors need, by side.
        empty: Whether it has no pixel to map.
        stale: Bands that nobody needs once it is kept.
    """

    index: int
    part: Arrays | None
    bands: Mapping[Side, Arrays]
    empty: bool
    stale: tuple[tuple[int, Side], ...]


class PartWriter:
    """Takes finished windows within a ``with`` block; leaving it waits until all of them are kept."""

    def __init__(self, store: PartsStore) -> None:
        self._store = store
        self._queue: queue.Queue[FinishedWindow | None] = queue.Queue(1)
        self._on_the_way: dict[tuple[int, Side], Arrays] = {}
        self._empty: set[int] = set()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="write", daemon=True)

    def __enter__(self) -> PartWriter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if error is None:
            self._raise_failure()
        if self._failure is None:
            self._store.sync()

    def put(self, window: FinishedWindow) -> None:
        """Hand over a window; waits until the one before is kept, so that a kill costs no more than two.

        Raises:
            OutputError: An earlier window could not be kept.
        """
        self._queue.join()
        self._raise_failure()
        if window.empty:
            self._empty.add(window.index)
        self._on_the_way.update({(window.index, side): arrays for side, arrays in window.bands.items()})
        self._queue.put(window)

    def band(self, index: int, side: Side) -> Arrays:
        """What a window left for a neighbor, wherever it is; nothing where it has no pixel to map.

        Raises:
            OutputError: It cannot be read.
        """
        if index in self._empty:
            return {}
        found = self._on_the_way.get((index, side))
        return self._store.read_band(index, side) if found is None else found

    def _work(self) -> None:
        while (window := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._keep(window)
                except BaseException as error:
                    # Raised again in the run's own thread.
                    self._failure = error
            self._queue.task_done()

    def _keep(self, window: FinishedWindow) -> None:
        if window.empty:
            self._store.commit_empty(window.index)
        else:
            self._store.commit(window.index, window.part, window.bands)
        for side in window.bands:
            del self._on_the_way[window.index, side]
        self._store.drop_bands(window.stale)
        self._store.sync_now_and_then()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
