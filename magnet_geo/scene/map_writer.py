"""Writes the parts of a map in a thread of its own and counts what they hold."""

from __future__ import annotations

import queue
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelAreas
from magnet_geo.raster import GeoTiffDraft, MapLayout
from magnet_geo.scene.core_map import CoreMap

_WAITING_CORES = 2


class MapWriter:
    """The outputs of a run, written core by core.

    Attributes:
        pixels: (256,) int64, how often each value was written.
        areas_m2: (256,) float64, their areas; None without a CRS.
        measured: What measures them; None without a CRS.
    """

    def __init__(
        self,
        classes: tuple[Path, MapLayout],
        *,
        confidence: tuple[Path, MapLayout] | None = None,
        probabilities: tuple[Path, MapLayout] | None = None,
        areas: PixelAreas | None = None,
    ) -> None:
        """Name the outputs.

        Args:
            classes: Target and layout of the class raster.
            confidence: Likewise of the certainty, if wanted.
            probabilities: Likewise of the probabilities, if wanted.
            areas: Measures the classes; None to count pixels only.
        """
        self._classes = GeoTiffDraft(*classes)
        self._confidence = GeoTiffDraft(*confidence) if confidence else None
        self._probabilities = GeoTiffDraft(*probabilities) if probabilities else None
        self.measured = areas
        self._drafts = ExitStack()
        self._queue: queue.Queue[CoreMap | None] = queue.Queue(_WAITING_CORES)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="write", daemon=True)
        self.pixels: NDArray[np.int64] = np.zeros(256, np.int64)
        self.areas_m2: NDArray[np.float64] | None = np.zeros(256) if areas else None

    def __enter__(self) -> MapWriter:
        with ExitStack() as opened:
            for draft in self._all_drafts():
                opened.enter_context(draft)
            self._drafts = opened.pop_all()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._drafts.__exit__(kind, error, trace)

    def put(self, core: CoreMap) -> None:
        """Hand over a core; waits while two others are still being written.

        Raises:
            OutputError: An earlier core could not be written.
        """
        self._raise_failure()
        self._queue.put(core)

    def prepare(self) -> None:
        """Wait for the last core and complete the outputs under other names.

        Raises:
            OutputError: Something could not be written; nothing is left behind.
        """
        self._stop()
        self._raise_failure()
        for draft in self._all_drafts():
            draft.prepare()

    def publish(self) -> None:
        """Give the prepared outputs their names, the class raster last.

        Raises:
            OutputError: A name could not be given.
        """
        for draft in reversed(self._all_drafts()):
            draft.publish()

    @property
    def target(self) -> Path:
        """Where the class raster appears at last."""
        return self._classes.target

    def count_valid(self) -> int:
        """Pixels written with a class, once all cores so far are written.

        Raises:
            OutputError: A core could not be written.
        """
        self._queue.join()
        self._raise_failure()
        return int(self.pixels.sum() - self.pixels[self._classes.layout.nodata])

    def tag(self, key: str, text: str) -> None:
        """Add a tag to the class raster, once all cores so far are written.

        Raises:
            OutputError: A core, or the tag, could not be written.
        """
        self._queue.join()
        self._raise_failure()
        self._classes.tag(key, text)

    def _all_drafts(self) -> list[GeoTiffDraft]:
        return [draft for draft in (self._classes, self._confidence, self._probabilities) if draft is not None]

    def _work(self) -> None:
        while (core := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._write(core)
                except BaseException as error:
                    # Raised again in the run's own thread, by `put` or `finish`.
                    self._failure = error
            self._queue.task_done()

    def _write(self, core: CoreMap) -> None:
        self._classes.write(core.core, core.classes)
        if self._confidence is not None and core.confidence is not None:
            self._confidence.write(core.core, core.confidence)
        if self._probabilities is not None and core.probabilities is not None:
            self._probabilities.write(core.core, core.probabilities)
        self.pixels += np.bincount(core.classes.ravel(), minlength=256)
        if self.measured is not None and self.areas_m2 is not None:
            self.areas_m2 += self.measured.class_areas_m2(core.classes, core.core)

    def _stop(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
