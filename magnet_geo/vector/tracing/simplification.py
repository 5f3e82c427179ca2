"""`SimplifiedBorders`: shared borders with fewer corners, once for both sides, tile by tile.

The raster is cut into tiles along fixed lines and columns. Inside a tile all regions, what is outside included, form
a coverage of the tile's rectangle, which GEOS simplifies without moving the rectangle's sides. It only ever drops
corners, so that its answer is a set of corners to keep. A border that crosses from tile to tile keeps its corner at
the crossing; nothing else shows where tiles meet, and the result does not depend on how the raster is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from typing_extensions import override

from magnet_geo.vector.tracing.border_shape import BorderShape, PixelBorders, Walks, lattice_keys
from magnet_geo.vector.tracing.corner_keys import corner_keys
from magnet_geo.vector.tracing.polygons import build_polygons
from magnet_geo.vector.tracing.region_tracer import RegionTracer
from magnet_geo.vector.tracing.rings import RingBlock, offsets_of

Numbers = NDArray[np.int64]

TILE_PX = 1024


@dataclass(frozen=True, slots=True)
class SimplifiedBorders(BorderShape):
    """Borders simplified by the area of the triangles that corners make with their neighbors (Visvalingam-Whyatt).

    Bands must begin at multiples of the tile's rows and be as high.

    Attributes:
        tolerance_px: In widths of a pixel; corners go as long as their triangle is smaller than the square of this.
        pixel_aspect: Height of a pixel over its width.
        knots: Rows and columns of a tile.
    """

    tolerance_px: float
    pixel_aspect: float = 1.0
    knots: int = TILE_PX

    @override
    def shape(self, walks: Walks) -> tuple[Numbers, Numbers]:
        keep = self._kept_corners(walks)
        places = walks.chains.members
        nodes = walks.steps.arrivals[places] // 4
        stays = keep[nodes]
        left = offsets_of(stays.astype(np.int64))
        return lattice_keys(walks)[nodes[stays]], left[walks.chains.offsets]

    @override
    def tidy(self, rings: RingBlock) -> RingBlock:
        return rings

    def _kept_corners(self, walks: Walks) -> NDArray[np.bool_]:
        corners, codes = walks.corners, walks.band[1:]
        # Below the last row there is nothing to simplify, wherever it lies.
        if (walks.first_row % self.knots and codes.any()) or codes.shape[0] > self.knots:
            raise ValueError(f"Bands of {self.knots} rows are needed, not rows from {walks.first_row} on.")
        on_seam = (corners.lines == 0) | (corners.columns % self.knots == 0) | (corners.columns == codes.shape[1])
        keys = corner_keys(corners.lines, corners.columns)
        kept = [keys[on_seam]]
        for column in range(0, codes.shape[1], self.knots):
            kept.append(self._simplify_tile(codes[:, column : column + self.knots], column))
        return np.isin(keys, np.concatenate(kept))

    def _simplify_tile(self, codes: NDArray[np.uint8], first_column: int) -> Numbers:
        """Keys, with lines counted from the tile's top, of the corners to keep."""
        nothing = np.empty(0, np.int64)
        if (codes == codes[0, 0]).all():
            return nothing
        present = np.unique(codes)
        filled = (np.searchsorted(present, codes) + 1).astype(np.uint8) if present.size < 256 else codes
        polygons = _polygons(filled)
        heights = np.array([1.0, self.pixel_aspect])
        simple = shapely.coverage_simplify(
            shapely.transform(polygons, lambda points: points * heights), self.tolerance_px, simplify_boundary=False
        )
        points = np.rint(shapely.get_coordinates(simple) / heights).astype(np.int64)
        inner = (points > 0) & (points < np.array(codes.shape[::-1]))
        points = points[inner.all(axis=1)]
        return np.unique(corner_keys(points[:, 1], points[:, 0] + first_column))


def _polygons(codes: NDArray[np.uint8]) -> NDArray[np.object_]:
    """A coverage of the tile in columns and lines."""
    tracer = RegionTracer(codes.shape[1], shape=PixelBorders())
    traced = [tracer.take(codes), tracer.finish()]
    return np.concatenate(
        [build_polygons(t.rings, t.owners, tracer.part_of(t.rings.regions)).in_pixels() for t in traced if t.codes.size]
    )
