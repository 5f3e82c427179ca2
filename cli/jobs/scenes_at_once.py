"""Several scenes on one cluster at once, told as if they came one after the other."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from magnet_geo.progress import CancelToken, Event, ProgressListener
from magnet_geo.records.segment_result import SegmentResult

# Enough that workers never wait for the beginning or the end of a scene, which are one process's work.
_AT_ONCE = 4

SegmentScene = Callable[[str, Path, ProgressListener], SegmentResult]


class ScenesAtOnce:
    """Starts all scenes within a ``with`` block, a few at once."""

    def __init__(self, segment: SegmentScene, targets: Mapping[str, Path], token: CancelToken) -> None:
        """Name the work.

        Args:
            segment: Segments one scene, in any thread.
            targets: Output by scene.
            token: Raised where the block is left early.
        """
        self._segment, self._targets, self._token = segment, targets, token
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="scene")
        self._events: dict[str, queue.SimpleQueue[Event | None]] = {s: queue.SimpleQueue() for s in targets}
        self._results: dict[str, Future[SegmentResult]] = {}

    def __enter__(self) -> ScenesAtOnce:
        for scene, target in self._targets.items():
            self._results[scene] = self._pool.submit(self._run, scene, target)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._token.cancel()
        self._pool.shutdown(wait=True, cancel_futures=error is not None)

    def result(self, scene: str, listener: ProgressListener) -> SegmentResult:
        """Wait for a scene, and tell meanwhile what happens, or has happened, to it.

        Raises:
            MagnetGeoError: The scene failed.
        """
        while (event := self._events[scene].get()) is not None:
            listener(event)
        return self._results[scene].result()

    def _run(self, scene: str, target: Path) -> SegmentResult:
        events = self._events[scene]
        try:
            return self._segment(scene, target, lambda event: events.put(event))
        finally:
            events.put(None)
