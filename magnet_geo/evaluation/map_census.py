"""What a class map holds, counted block by block: pixels and areas by value, and a hash that tells maps apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelAreas, RasterGrid
from magnet_geo.raster import ClassMap


@dataclass(frozen=True, slots=True, eq=False)
class MapCensus:
    """All valid pixels of a map.

    Attributes:
        pixels: (256,) int64, how often each value occurs.
        areas_m2: (256,) float64 on the ellipsoid; None without a CRS.
        sha256: Hash of all values and of what is valid, whatever the file's compression.
    """

    pixels: NDArray[np.int64]
    areas_m2: NDArray[np.float64] | None
    sha256: str

    @property
    def values(self) -> NDArray[np.intp]:
        """Values that occur, rising."""
        return np.flatnonzero(self.pixels)


def take_census(class_map: ClassMap, on_block: Callable[[], None] = lambda: None) -> MapCensus:
    """Count a map.

    Args:
        class_map: Open for reading.
        on_block: Called after each block; may raise to stop.

    Raises:
        SceneError: A block cannot be decoded, or a value is no class value.
    """
    measure = pixel_areas(class_map.grid)
    digest = sha256()
    pixels = np.zeros(256, np.int64)
    areas = None if measure is None else np.zeros(256)
    for block in class_map.blocks():
        values, valid = class_map.read(block)
        pixels += np.bincount(values[valid], minlength=256)
        if measure is not None and areas is not None:
            areas += np.bincount(values[valid], weights=measure.areas_m2(block)[valid], minlength=256)
        digest.update(values.tobytes())
        digest.update(np.packbits(valid).tobytes())
        on_block()
    return MapCensus(pixels, areas, digest.hexdigest())


def pixel_areas(grid: RasterGrid) -> PixelAreas | None:
    """Gives the areas of a grid's pixels; None where it does not lie on the ground."""
    try:
        return PixelAreas(grid)
    except ValueError:
        return None
