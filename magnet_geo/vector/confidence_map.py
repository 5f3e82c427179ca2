"""`ConfidenceMap`: the certainty that `segment --confidence` wrote, read along with the classes."""

from __future__ import annotations

from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster import SceneReader, SceneSource, describe_scene

_SAME_WITHIN_PX = 0.01


class ConfidenceMap:
    """Reads a one-band uint8 raster on the grid of a class map, within a ``with`` block; 0-254 stand for 0-1."""

    def __init__(self, source: SceneSource, grid: RasterGrid) -> None:
        """Look at the raster without reading its pixels.

        Raises:
            SceneError: It cannot be opened, holds something else, or lies on another grid.
        """
        found = describe_scene(source)
        if found.dtype != "uint8" or len(found.data_bands) != 1:
            raise SceneError(
                f"'{source.name}' holds {len(found.data_bands)} band(s) of {found.dtype}; a confidence raster has one "
                "of uint8, as `confidence` of a segmentation is written."
            )
        if not _same(found.grid, grid):
            raise SceneError(
                f"'{source.name}' ({found.grid.width} x {found.grid.height}) does not lie on the grid of the map "
                f"({grid.width} x {grid.height}); give the confidence raster of the same run."
            )
        self._reader = SceneReader(source, (1,))

    def __enter__(self) -> ConfidenceMap:
        self._reader.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.__exit__(kind, error, trace)

    def read(self, rect: PixelRect) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """(h, w) uint8 certainty, 0 where there is none, and (h, w) where there is some."""
        pixels = self._reader.read(rect)
        return pixels.values[0].astype(np.uint8, copy=False), pixels.valid


def _same(found: RasterGrid, grid: RasterGrid) -> bool:
    if found.size != grid.size:
        return False
    shift = ~grid.transform @ found.transform
    corners = [(0, 0), (grid.width, 0), (0, grid.height), (grid.width, grid.height)]
    return bool(max(np.hypot(*np.subtract(shift @ corner, corner)) for corner in corners) <= _SAME_WITHIN_PX)
