"""Rings to polygons: self-touching rings are parted, holes find their outer ring, and geometries are built in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from magnet_geo.grid import RasterGrid
from magnet_geo.vector.tracing.corner_keys import is_touching, positions
from magnet_geo.vector.tracing.rings import RingBlock, offsets_of

Numbers = NDArray[np.int64]
_Place = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], ...]]


@dataclass(frozen=True, slots=True)
class PolygonBlock:
    """Polygons one after the other, and which feature each belongs to.

    Attributes:
        rings: Rings by feature and polygon, the outer one first.
        polygon_offsets: (P + 1,) where each polygon begins in the rings.
        feature_offsets: (F + 1,) where each feature begins in the polygons.
    """

    rings: RingBlock
    polygon_offsets: Numbers
    feature_offsets: Numbers

    def areas_px(self) -> NDArray[np.float64]:
        """(F,) areas in pixels."""
        rings_of_features = self.polygon_offsets[self.feature_offsets]
        totals = np.concatenate([[0], np.cumsum(self.rings.areas())])
        return np.diff(totals[rings_of_features]) / 8

    def corner_counts(self) -> Numbers:
        """(F,) corners."""
        return np.diff(self.rings.offsets[self.polygon_offsets[self.feature_offsets]])

    def geometries(self, grid: RasterGrid, *, multi: bool = False) -> NDArray[np.object_]:
        """(F,) polygons in world coordinates; multipolygons where a feature has several, or for all."""
        polygons = self._polygons(lambda lines, columns: grid.world(rows=lines, cols=columns))
        if grid.transform.determinant > 0:
            polygons = shapely.orient_polygons(polygons)
        counts = np.diff(self.feature_offsets)
        features = np.empty(counts.size, object)
        single = (counts == 1) & (not multi)
        features[single] = polygons[self.feature_offsets[:-1][single]]
        if not single.all():
            owners = np.repeat(np.cumsum(~single) - 1, counts)
            several = np.repeat(~single, counts)
            features[~single] = shapely.multipolygons(polygons[several], indices=owners[several])
        return features

    def in_pixels(self) -> NDArray[np.object_]:
        """(P,) polygons with columns as x and lines as y."""
        return self._polygons(lambda lines, columns: (columns, lines))

    def _polygons(self, place: _Place) -> NDArray[np.object_]:
        rings = self.rings
        offsets = rings.offsets + np.arange(rings.offsets.size)
        points = np.empty((offsets[-1], 2))
        for places, own, _ in rings.steps():
            # Each ring ends with its first corner, which moves the rings after it on by one.
            targets = np.arange(places.start, places.stop)
            targets += np.searchsorted(rings.offsets, targets, side="right") - 1
            lines, columns = positions(own)
            points[targets, 0], points[targets, 1] = place(lines / 2, columns / 2)
        points[offsets[1:] - 1] = points[offsets[:-1]]
        polygons: NDArray[np.object_] = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON, points, (offsets, self.polygon_offsets)
        )
        return polygons


def build_polygons(rings: RingBlock, owners: Numbers, parts: Numbers) -> PolygonBlock:
    """Sorts rings into polygons.

    Args:
        rings: All rings of some features.
        owners: (R,) the feature of each, from 0 on.
        parts: (R,) what hangs together by pixel sides: one polygon.
    """
    rings, source = part_touching_rings(rings)
    owners, parts = owners[source], parts[source]
    is_hole = rings.areas() < 0
    order = np.lexsort((is_hole, parts, owners))
    rings, owners, is_hole = rings.reorder(order), owners[order], is_hole[order]
    begins = np.flatnonzero(~is_hole)
    features = np.flatnonzero(np.diff(owners[begins], prepend=-1))
    return PolygonBlock(rings, np.append(begins, is_hole.size), np.append(features, begins.size))


def part_touching_rings(rings: RingBlock) -> tuple[RingBlock, Numbers]:
    """Cuts rings that come twice to the same corner into rings that do not.

    Where two pixels of a region touch by the corner, a walk turns back at each. A region that closes around such a
    corner is then one ring through both its outer and its inner border, which no polygon may have.

    Returns:
        The rings, and for each the ring it comes from.
    """
    marked = np.flatnonzero(is_touching(rings.keys))
    ring_of = np.searchsorted(rings.offsets, marked, side="right") - 1
    order = np.lexsort((marked, rings.keys[marked], ring_of))
    keys, owners, places = rings.keys[marked][order], ring_of[order], marked[order]
    again = (keys[1:] == keys[:-1]) & (owners[1:] == owners[:-1])
    if not again.any():
        return rings, np.arange(rings.regions.size)
    twice = np.zeros(keys.size, np.bool_)
    twice[1:] |= again
    twice[:-1] |= again
    affected = np.unique(owners[twice])
    cuts = np.sort(places[twice])
    bounds = np.searchsorted(cuts, rings.offsets)
    whole = np.ones(rings.regions.size, np.bool_)
    whole[affected] = False
    parted = [
        (ring, piece)
        for ring in affected.tolist()
        for piece in _part(rings.keys, rings.offsets[ring : ring + 2].tolist(), cuts[bounds[ring] : bounds[ring + 1]])
    ]
    source = np.array([ring for ring, _ in parted])
    keys = np.concatenate([piece for _, piece in parted])
    pieces = RingBlock(keys, offsets_of(np.array([piece.size for _, piece in parted])), rings.regions[source])
    return RingBlock.join([rings.take(whole), pieces]), np.concatenate([np.flatnonzero(whole), source])


def _part(keys: Numbers, bounds: list[int], cuts: Numbers) -> Iterator[Numbers]:
    """The simple rings of one ring, which is cut at all corners it comes to twice."""
    begin, end = bounds
    stretches = [keys[a:b] for a, b in zip(cuts.tolist(), cuts[1:].tolist(), strict=False)]
    stretches.append(np.concatenate([keys[cuts[-1] : end], keys[begin : cuts[0]]]))
    open_at: dict[int, int] = {}
    stack: list[Numbers] = []
    for number, stretch in enumerate(stretches):
        open_at[int(stretch[0])] = len(stack)
        stack.append(stretch)
        goal = int(stretches[(number + 1) % len(stretches)][0])
        if goal in open_at and open_at[goal] < len(stack):
            # Visits are nested: what lies on the stack since the first one is a ring.
            level = open_at.pop(goal)
            yield np.concatenate(stack[level:])
            del stack[level:]
