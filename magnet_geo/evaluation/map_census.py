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
        by_block: For each of the map's blocks, in order, value and count of what it holds, (K, 2) int32: some hundred
            bytes per million pixels.
    """

    pixels: NDArray[np.int64]
    areas_m2: NDArray[np.float64] | None
    sha256: str
    by_block: tuple[NDArray[np.int32], ...]

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
    areas = None if measure is None else np.zeros(256)
    pixels, by_block = np.zeros(256, np.int64), []
    for block in class_map.blocks():
        values, valid = class_map.read(block)
        counts = _sums(values, valid, None).astype(np.int64)
        pixels += counts
        present = np.flatnonzero(counts)
        by_block.append(np.column_stack([present, counts[present]]).astype(np.int32))
        if measure is not None and areas is not None:
            areas += np.where(counts > 0, _sums(values, valid, measure.areas_m2(block)), 0.0)
        digest.update(values.tobytes())
        digest.update(np.packbits(valid).tobytes())
        on_block()
    return MapCensus(pixels, areas, digest.hexdigest(), tuple(by_block))


def _sums(
    values: NDArray[np.uint8], valid: NDArray[np.bool_], weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """(256,) pixels, or their weights, of each value; much faster than to pick the valid ones first."""
    flat = None if weights is None else weights.reshape(-1)
    sums = np.bincount(values.reshape(-1), weights=flat, minlength=256).astype(np.float64)
    if not valid.all():
        # What is not valid was read as 0.
        sums[0] -= (~valid).sum() if weights is None else weights[~valid].sum()
    return sums


def pixel_areas(grid: RasterGrid) -> PixelAreas | None:
    """Return the areas of a grid's pixels; None where it does not lie on the ground."""
    try:
        return PixelAreas(grid)
    except ValueError:
        return None
