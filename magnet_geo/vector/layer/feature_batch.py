"""Finished regions as features: geometries and attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.grid import RasterGrid
from magnet_geo.vector.ground_scale import GroundScale
from magnet_geo.vector.tracing.corner_keys import positions
from magnet_geo.vector.tracing.polygons import PolygonBlock

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureBatch:
    """Features to be written.

    Attributes:
        geometries: (F,) polygons or multipolygons.
        columns: (F,) values of each attribute, by name.
    """

    geometries: NDArray[np.object_]
    columns: Mapping[str, NDArray[np.generic]]

    def __len__(self) -> int:
        return len(self.geometries)

    def parts(self, size: int) -> Iterator[FeatureBatch]:
        """Batches of so many features, one after the other."""
        for begin in range(0, len(self), size):
            chosen = slice(begin, begin + size)
            yield FeatureBatch(self.geometries[chosen], {name: held[chosen] for name, held in self.columns.items()})


@dataclass(frozen=True, slots=True)
class RegionSums:
    """What was summed over the pixels of regions.

    Attributes:
        pixels: (F,) how many.
        area_m2: (F,) their area on the ground; None without a CRS.
        confidence: (F,) sum of their certainty, 0-254 each; None where there is none.
        confidence_pixels: (F,) pixels with a certainty.
    """

    pixels: Floats
    area_m2: Floats | None = None
    confidence: Floats | None = None
    confidence_pixels: Floats | None = None


@dataclass(frozen=True, slots=True)
class FeatureMaker:
    """Makes features of polygons.

    Attributes:
        grid: Georeference.
        scale: Sizes on the ground; None without a CRS.
        classes: Class of each code.
        multi: Whether all geometries are multipolygons.
    """

    grid: RasterGrid
    scale: GroundScale | None
    classes: Mapping[int, LandClass]
    multi: bool

    def make(self, block: PolygonBlock, codes: NDArray[np.uint8], sums: RegionSums) -> FeatureBatch:
        """Features of some regions.

        Args:
            block: Their polygons.
            codes: (F,) their codes.
            sums: What was summed over their pixels.
        """
        present = [self.classes[code] for code in codes.tolist()]
        columns: dict[str, NDArray[np.generic]] = {
            "class_value": np.array([c.value for c in present], np.int32),
            "class_name": np.array([c.name for c in present], object),
            "color": np.array([c.color for c in present], object),
        }
        areas_px = block.areas_px()
        if self.scale is None or sums.area_m2 is None:
            columns["area_px"], columns["perimeter_px"] = areas_px, _perimeters(block, None)
        else:
            # Simplified borders hold a little more or less than the pixels that were measured.
            columns["area_m2"] = sums.area_m2 * areas_px / np.maximum(sums.pixels, 1)
            columns["perimeter_m"] = _perimeters(block, self.scale)
        if sums.confidence is not None and sums.confidence_pixels is not None:
            known = np.where(sums.confidence_pixels > 0, sums.confidence_pixels, np.nan)
            columns["confidence"] = sums.confidence / known / 254
        return FeatureBatch(block.geometries(self.grid, multi=self.multi), columns)


def _perimeters(block: PolygonBlock, scale: GroundScale | None) -> Floats:
    """(F,) lengths of all rings, in metres, or in pixels without a scale."""
    rings = block.rings
    steps = np.zeros(rings.keys.size + 1)
    for places, own, after in rings.steps():
        (line, column), (next_line, next_column) = positions(own), positions(after)
        d_rows, d_cols = (next_line - line) / 2, (next_column - column) / 2
        if scale is None:
            steps[places] = np.hypot(d_rows, d_cols)
        else:
            rows, cols = line / 2 + d_rows / 2, column / 2 + d_cols / 2
            steps[places] = scale.step_lengths_m(rows=rows, cols=cols, d_rows=d_rows, d_cols=d_cols)
    return np.add.reduceat(steps, rings.offsets[block.polygon_offsets[block.feature_offsets[:-1]]])
