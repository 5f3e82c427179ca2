"""Cuts polygons with very many corners along fixed lines, for programs that choke on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from magnet_geo.vector.tracing.corner_keys import corner_keys
from magnet_geo.vector.tracing.polygons import PolygonBlock
from magnet_geo.vector.tracing.rings import RingBlock, offsets_of

TILE_PX = 512

_Bounds = tuple[float, float, float, float]


def cut_large(block: PolygonBlock, limit: int, *, tile_px: int) -> tuple[PolygonBlock, NDArray[np.int64]]:
    """Return each polygon of a large feature, cut where need be, as a feature of its own.

    Args:
        block: Polygons whose borders have a corner wherever they cross a multiple of ``tile_px`` (knots): there the
            cuts meet the neighbors without a gap.
        limit: Features with more corners are cut, until each piece has no more or lies within one tile.
        tile_px: Distance of the lines.

    Returns:
        The features, and for each the one it comes from.
    """
    counts = block.corner_counts()
    if not (counts > limit).any():
        return block, np.arange(counts.size)
    polygons = block.in_pixels()
    pieces, parents, sizes = [], [], []
    for feature, (begin, end) in enumerate(zip(block.feature_offsets[:-1], block.feature_offsets[1:], strict=True)):
        own = polygons[begin:end].tolist()
        if counts[feature] <= limit:
            found = [own]
        else:
            found = [[piece] for polygon in own for piece in _cut(polygon, limit, tile_px)]
        pieces += [polygon for group in found for polygon in group]
        sizes += [len(group) for group in found]
        parents += [feature] * len(found)
    return _block(pieces, np.array(sizes)), np.array(parents)


def _cut(polygon: Polygon, limit: int, tile_px: int) -> Iterator[Polygon]:
    left, top, right, bottom = polygon.bounds
    column, line = _middle_line(left, right, tile_px), _middle_line(top, bottom, tile_px)
    halves: tuple[_Bounds, ...]
    if shapely.get_num_coordinates(polygon) <= limit or (column is None and line is None):
        yield polygon
        return
    if column is not None and (line is None or right - left >= bottom - top):
        halves = (left, top, column, bottom), (column, top, right, bottom)
    elif line is not None:
        halves = (left, top, right, line), (left, line, right, bottom)
    for half in halves:
        parts = shapely.get_parts(shapely.intersection(polygon, _box(half, tile_px)))
        for part in parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]:
            yield from _cut(part, limit, tile_px)


def _box(bounds: _Bounds, tile_px: int) -> Polygon:
    """A rectangle with a corner on every tile line: pieces on both sides of a cut have it, however they are cut on."""
    left, top, right, bottom = bounds
    x, y = _marks(left, right, tile_px), _marks(top, bottom, tile_px)
    return Polygon(
        [(i, top) for i in x] + [(right, j) for j in y] + [(i, bottom) for i in x[::-1]] + [(left, j) for j in y[::-1]]
    )


def _marks(low: float, high: float, tile_px: int) -> list[float]:
    inner = np.arange(np.floor(low / tile_px) + 1, np.ceil(high / tile_px)) * tile_px
    return [low, *inner.tolist(), high]


def _middle_line(low: float, high: float, tile_px: int) -> float | None:
    """The tile line nearest to the middle, strictly between; None where there is none."""
    first, last = np.floor(low / tile_px) + 1, np.ceil(high / tile_px) - 1
    if first > last:
        return None
    return float(np.clip(np.rint((low + high) / 2 / tile_px), first, last) * tile_px)


def _block(polygons: list[Polygon], sizes: NDArray[np.int64]) -> PolygonBlock:
    # Lines grow downward: a ring with its region on the left runs clockwise in columns and lines.
    oriented = shapely.orient_polygons(np.array(polygons, object), exterior_cw=True)
    _, points, (ring_ends, polygon_offsets) = shapely.to_ragged_array(oriented)
    again = np.zeros(len(points), np.bool_)
    again[ring_ends[1:] - 1] = True
    keys = corner_keys(points[~again, 1], points[~again, 0])
    offsets = ring_ends - np.arange(ring_ends.size)
    rings = RingBlock(keys, offsets.astype(np.int64), np.zeros(offsets.size - 1, np.int64))
    return PolygonBlock(rings, polygon_offsets.astype(np.int64), offsets_of(sizes))
