"""Writes the parts of a map into its rasters and counts what they hold."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelAreas
from magnet_geo.raster import GeoTiffDraft, MapLayout
from magnet_geo.scene.core_map import CoreMap


class MapWriter:
    """The rasters of one map, written part by part within a ``with`` block.

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
        workspace: Path,
    ) -> None:
        """Name the outputs.

        Args:
            classes: Target and layout of the class raster.
            confidence: Likewise of the certainty, if wanted.
            probabilities: Likewise of the probabilities, if wanted.
            areas: Measures the classes; None to count pixels only.
            workspace: An existing folder for what is not complete yet.
        """
        self._classes = GeoTiffDraft(*classes, workspace=workspace)
        self._confidence = GeoTiffDraft(*confidence, workspace=workspace) if confidence else None
        self._probabilities = GeoTiffDraft(*probabilities, workspace=workspace) if probabilities else None
        self.measured = areas
        self._open_drafts = ExitStack()
        self.pixels: NDArray[np.int64] = np.zeros(256, np.int64)
        self.areas_m2: NDArray[np.float64] | None = np.zeros(256) if areas else None

    def __enter__(self) -> MapWriter:
        with ExitStack() as opened:
            for draft in self._drafts():
                opened.enter_context(draft)
            self._open_drafts = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open_drafts.__exit__(kind, error, trace)

    @property
    def targets(self) -> list[Path]:
        """Where the rasters appear at last, the class raster first."""
        return [draft.target for draft in self._drafts()]

    def write(self, part: CoreMap) -> None:
        """Add a part.

        Raises:
            OutputError: It could not be written.
        """
        self._classes.write(part.core, part.classes)
        if self._confidence is not None and part.confidence is not None:
            self._confidence.write(part.core, part.confidence)
        if self._probabilities is not None and part.probabilities is not None:
            self._probabilities.write(part.core, part.probabilities)
        self.pixels += np.bincount(part.classes.ravel(), minlength=256)
        if self.measured is not None and self.areas_m2 is not None:
            self.areas_m2 += self.measured.class_areas_m2(part.classes, part.core)

    def count_valid(self) -> int:
        """Pixels written with a class so far."""
        return int(self.pixels.sum() - self.pixels[self._classes.layout.nodata])

    def tag(self, key: str, text: str) -> None:
        """Add a tag to the class raster.

        Raises:
            OutputError: It could not be written.
        """
        self._classes.tag(key, text)

    def prepare(self) -> None:
        """Complete the outputs under other names.

        Raises:
            OutputError: Something could not be written; no output is there then.
        """
        for draft in self._drafts():
            draft.prepare()

    def publish(self) -> None:
        """Give the prepared outputs their names, the class raster last.

        Raises:
            OutputError: A name could not be given.
        """
        for draft in reversed(self._drafts()):
            draft.publish()

    def _drafts(self) -> list[GeoTiffDraft]:
        return [draft for draft in (self._classes, self._confidence, self._probabilities) if draft is not None]
