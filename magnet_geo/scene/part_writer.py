"""`PartWriter`: finishes and keeps windows in a thread of its own, while the next one is being segmented."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

import torch

from magnet_geo.compute import set_threads
from magnet_geo.scene.array_file import Arrays
from magnet_geo.scene.parts_store import PartsStore, Side

# Windows that a kill costs at most.
_MOST_LOST = 2


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
    """Takes segmented windows within a ``with`` block; leaving it waits until all of them are kept."""

    def __init__(self, store: PartsStore, *, threads: int = 1) -> None:
        """Prepare.

        Args:
            store: Keeps what is finished.
            threads: Threads of torch that finish a window.
        """
        self._store, self._threads = store, threads
        self._queue: queue.Queue[Callable[[], FinishedWindow] | None] = queue.Queue(1)
        self._room = threading.Semaphore(_MOST_LOST)
        self._latest: tuple[int, Mapping[Side, Arrays]] = (-1, {})
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="write", daemon=True)

    def __enter__(self) -> PartWriter:
        threads = torch.get_num_threads()
        self._thread.start()
        self._ready.wait()
        # The writer's number of threads became the default of threads to come.
        torch.set_num_threads(threads)
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

    def admit(self) -> None:
        """Wait until one window more may be begun: a kill costs those that are begun and not kept yet, two at most."""
        self._room.acquire()

    def put(self, finish: Callable[[], FinishedWindow]) -> None:
        """Hand over a window that was admitted; waits until the one before is kept.

        Args:
            finish: What is left to do for it, done in the writer's thread.

        Raises:
            OutputError: An earlier window could not be kept.
        """
        self.wait()
        self._queue.put(finish)

    def wait(self) -> None:
        """Wait until all windows so far are kept.

        Raises:
            OutputError: One could not be kept.
        """
        self._queue.join()
        self._raise_failure()

    def band(self, index: int, side: Side) -> Arrays:
        """What a window that is kept left for a neighbor; nothing where it has no pixel to map.

        Raises:
            OutputError: It cannot be read.
        """
        if self._store.is_empty(index):
            return {}
        latest, bands = self._latest
        return bands[side] if index == latest and side in bands else self._store.read_band(index, side)

    def _work(self) -> None:
        set_threads(self._threads)
        self._ready.set()
        while (finish := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._keep(finish())
                except BaseException as error:
                    # Raised again in the run's own thread.
                    self._failure = error
            del finish
            self._room.release()
            self._queue.task_done()

    def _keep(self, window: FinishedWindow) -> None:
        if window.empty:
            self._store.commit_empty(window.index)
        else:
            self._store.commit(window.index, window.part, window.bands)
        self._latest = window.index, window.bands
        self._store.drop_bands(window.stale)
        self._store.sync_now_and_then()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
