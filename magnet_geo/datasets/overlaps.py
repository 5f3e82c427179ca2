"""`Overlaps`: ground that label polygons give to two classes, counted pair by pair and told with its place.

Where polygons overlap, the later one of the file counts: small things are usually drawn upon large ones, a pond upon a
meadow, and leaving the contested ground out would leave the pond without a label. Whether it was meant so only people
can tell, who therefore hear of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import pairwise
from math import ceil, sqrt

import numpy as np
import shapely
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme
from magnet_geo.datasets.label_layer import LabelLayer, LabelPolygons
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken

# Overlaps narrower than a pixel are what digitizing and reprojection leave along borders.
_NARROWEST_PX = 1.0
_MOST_PAIRS = 10_000
_FEATURES_PER_TILE = 25_000
_AT_ONCE = 128
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two polygons of different classes on the same ground.

    Attributes:
        classes: Their class indexes, the smaller one first.
        area_px: Of the ground inside both, in pixels of the image.
        x: A place inside both, in the layer's CRS.
        y: The same.
    """

    classes: tuple[int, int]
    area_px: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Overlaps:
    """All of them on an image.

    Attributes:
        pairs: How many.
        area_px: Of all pairs together, in pixels of the image.
        largest: The largest few, largest first.
        complete: Whether all were counted; the count ends after some thousands.
    """

    pairs: int = 0
    area_px: float = 0.0
    largest: tuple[Overlap, ...] = ()
    complete: bool = True

    def __add__(self, other: Overlaps) -> Overlaps:
        return Overlaps(
            self.pairs + other.pairs,
            self.area_px + other.area_px,
            _largest([*self.largest, *other.largest]),
            self.complete and other.complete,
        )

    def sentence(self, layer: str, scheme: ClassScheme) -> str:
        """Return what a user should know of them.

        Args:
            layer: Path of the layer.
            scheme: The classes.
        """
        places = "; ".join(
            f"{' and '.join(f'{scheme.classes[index].name!r}' for index in overlap.classes)} at "
            f"{overlap.x:.9g}, {overlap.y:.9g}"
            for overlap in self.largest
        )
        count = f"{'' if self.complete else 'more than '}{self.pairs} pair{'' if self.pairs == 1 else 's'}"
        such_as = "" if self.pairs == len(self.largest) else "the largest: "
        return (
            f"Polygons of different classes overlap in '{short_name(layer)}': {count}, on about {self.area_px:.0f} "
            f"pixels ({such_as}{places}). The later polygon of the file counts there; cut them apart if that is not "
            "meant."
        )


def find_overlaps(layer: LabelLayer, grid: RasterGrid, rect: PixelRect, *, cancel: CancelToken | None) -> Overlaps:
    """Find polygons of different classes that share ground at least a pixel wide; ignored classes do not count.

    Large layers are read part by part, as labels are.

    Args:
        layer: The polygons, in the grid's CRS.
        grid: The image's grid.
        rect: The part of it that is looked at.
        cancel: Stops.

    Raises:
        TrainingError: The layer cannot be read.
        CancelledError: The user cancelled.
    """
    found, token = Overlaps(), cancel or CancelToken()
    for tile in _tiles(rect, ceil(sqrt(layer.feature_count / _FEATURES_PER_TILE))):
        token.raise_if_cancelled()
        for overlaps in _overlaps_of(layer.within(_on_ground(tile, grid)), _Place(layer, grid, rect, tile)):
            token.raise_if_cancelled()
            found += overlaps
            if found.pairs > _MOST_PAIRS:
                return replace(found, complete=False)
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where overlaps are looked for."""

    layer: LabelLayer
    grid: RasterGrid
    rect: PixelRect
    tile: PixelRect


def _overlaps_of(polygons: LabelPolygons, place: _Place) -> Iterator[Overlaps]:
    """Overlaps whose place lies in the tile, some pairs at a time."""
    labeled = polygons.indexes != IGNORE_INDEX
    indexes = polygons.indexes[labeled]
    shapes = _in_pixels(polygons.geometries[labeled], place.grid)
    # Polygons that cross themselves cannot be intersected, and lose parts where they are made smaller.
    crossing = ~shapely.is_valid(shapes)
    shapes[crossing] = shapely.make_valid(shapes[crossing])
    for first, second in _pairs(shapes, indexes):
        shared = shapely.clip_by_rect(shapely.intersection(shapes[first], shapes[second]), *_bounds(place.rect))
        area = shapely.area(shared)
        cols, rows = shapely.get_coordinates(shapely.point_on_surface(shared[area > 0])).T
        # A pair that several tiles see belongs to the one that holds its place.
        own = (rows >= place.tile.row) & (rows < place.tile.row_stop)
        own &= (cols >= place.tile.col) & (cols < place.tile.col_stop)
        kept = np.flatnonzero(area > 0)[own]
        classes = np.sort(np.stack([indexes[first[kept]], indexes[second[kept]]]), axis=0).tolist()
        x, y = place.layer.own_coordinates(*place.grid.world(rows=rows[own], cols=cols[own]))
        found = [
            Overlap((one, other), *facts)
            for one, other, *facts in zip(*classes, area[kept].tolist(), x.tolist(), y.tolist(), strict=True)
        ]
        yield Overlaps(len(found), float(area[kept].sum()), _largest(found))


def _pairs(
    shapes: NDArray[np.object_], indexes: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Numbers of polygons of different classes that share a disc of a pixel's width.

    They do where both, made smaller by half of it, still touch: neighbors that share a border are never looked at
    further.
    """
    smaller = shapely.buffer(shapes, -_NARROWEST_PX / 2, quad_segs=2)
    kept = ~shapely.is_empty(smaller)
    for index in np.unique(indexes[kept])[:-1]:
        ours, others = np.flatnonzero(kept & (indexes == index)), np.flatnonzero(kept & (indexes > index))
        tree = shapely.STRtree(smaller[others])
        for start in range(0, ours.size, _AT_ONCE):
            some = ours[start : start + _AT_ONCE]
            first, second = tree.query(smaller[some], predicate="intersects")
            for part in range(0, first.size, _AT_ONCE):
                yield some[first[part : part + _AT_ONCE]], others[second[part : part + _AT_ONCE]]


def _tiles(rect: PixelRect, per_side: int) -> Iterator[PixelRect]:
    rows = np.unique(np.linspace(rect.row, rect.row_stop, per_side + 1).astype(int)).tolist()
    cols = np.unique(np.linspace(rect.col, rect.col_stop, per_side + 1).astype(int)).tolist()
    for row, row_stop in pairwise(rows):
        for col, col_stop in pairwise(cols):
            yield PixelRect(row, col, row_stop - row, col_stop - col)


def _bounds(rect: PixelRect) -> tuple[int, int, int, int]:
    return rect.col, rect.row, rect.col_stop, rect.row_stop


def _largest(overlaps: list[Overlap]) -> tuple[Overlap, ...]:
    return tuple(nlargest(_NAMED, overlaps, key=lambda overlap: overlap.area_px))


def _in_pixels(geometries: NDArray[np.object_], grid: RasterGrid) -> NDArray[np.object_]:
    to = ~grid.transform

    def moved(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return to.a * x + to.b * y + to.c, to.d * x + to.e * y + to.f

    return np.asarray(shapely.transform(geometries, moved, interleaved=False))


def _on_ground(rect: PixelRect, grid: RasterGrid) -> shapely.Polygon:
    box = shapely.box(*_bounds(rect))
    return shapely.transform(box, lambda cols, rows: grid.world(rows=rows, cols=cols), interleaved=False)
