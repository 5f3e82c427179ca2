"""The outline of a raster's valid pixels, from a reduced read."""

from __future__ import annotations

from math import ceil

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import shapes
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from magnet_geo.errors import SceneError
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, opening
from magnet_geo.raster.source import SceneSource, open_scene

_MOST_PX = 512
_MOST_VERTICES = 200
# The stairs of a slanted border are up to the square root of 2 deep.
_TOLERANCE = 1.5
# Such a border has two corners for each pixel, and simplifies to its ends; more than these is raggedness.
_MOST_CORNERS = 20 * _MOST_VERTICES


def valid_outline(source: SceneSource) -> BaseGeometry:
    """Return polygons around the valid pixels of band 1, in pixel coordinates (x column, y row).

    It is meant for catalogues: read at 512 pixels on the long side, with at most 200 vertices. Where that is not enough
    to follow a ragged border, pixels are taken together in cells twice, four times ... as large, each valid where any
    of its pixels is: gaps and inlets close.

    Args:
        source: A raster.

    Raises:
        SceneError: It cannot be read, or has no valid pixel.
    """
    with open_scene(source, overviews=True) as dataset:
        height, width = dataset.height, dataset.width
        step = max(1, ceil(max(height, width) / _MOST_PX))
        size = ceil(height / step), ceil(width / step)
        try:
            with opening():
                # Valid where any pixel of a cell is (one in 500): nothing of the map may lie outside.
                valid = dataset.read_masks(1, out_shape=size, resampling=Resampling.average) > 0
        except GDAL_ERRORS as error:
            raise SceneError(f"'{source.name}' cannot be read ({gdal_detail(error)}); copy it again.") from error
    if not valid.any():
        raise SceneError(f"No pixel of '{source.name}' is valid; it has no outline.")
    outline = _small_outline(valid)
    return shapely.transform(outline, lambda at: at * (width / size[1], height / size[0]))


def _small_outline(valid: NDArray[np.bool_]) -> BaseGeometry:
    """The outline of (H, W) pixels, with few vertices."""
    cell, cells = 1, valid
    while (outline := _outline(cells)) is None:
        cell, cells = cell * 2, _halved(cells)
    extent = np.array(valid.shape[::-1])
    return shapely.transform(outline, lambda at: np.minimum(at * cell, extent))


def _outline(cells: NDArray[np.bool_]) -> BaseGeometry | None:
    """The outline of (h, w) cells; None where it has too many vertices, which no 8 x 8 cells have."""
    parts = np.array([shape(part) for part, _ in shapes(cells.astype(np.uint8), mask=cells)], object)
    corners = shapely.get_num_coordinates(parts).sum()
    if corners > _MOST_CORNERS:
        return None
    outline = shapely.union_all(parts)
    if corners > _MOST_VERTICES:
        # What simplifying cuts off is given back, and as much again where it filled.
        whole = shapely.box(0, 0, cells.shape[1], cells.shape[0])
        simple = shapely.buffer(shapely.simplify(outline, _TOLERANCE), _TOLERANCE, join_style="mitre")
        outline = shapely.make_valid(shapely.intersection(simple, whole))
    return outline if shapely.get_num_coordinates(outline) <= _MOST_VERTICES else None


def _halved(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells of two by two: (ceil(h / 2), ceil(w / 2))."""
    height, width = cells.shape
    even = np.pad(cells, [(0, height % 2), (0, width % 2)])
    return even[0::2, 0::2] | even[0::2, 1::2] | even[1::2, 0::2] | even[1::2, 1::2]
