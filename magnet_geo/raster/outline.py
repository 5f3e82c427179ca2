"""The outline of a raster's valid pixels, from a reduced read."""

from __future__ import annotations

from math import ceil

import numpy as np
import shapely
from rasterio.features import shapes
from rasterio.transform import Affine
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from magnet_geo.errors import SceneError
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, opening
from magnet_geo.raster.source import SceneSource, open_scene

_MOST_PX = 512
_MOST_VERTICES = 200


def valid_outline(source: SceneSource) -> BaseGeometry:
    """Gives polygons around the valid pixels of band 1, in pixel coordinates (x column, y row).

    It is meant for catalogues: read at 512 pixels on the long side, with at most 200 vertices; small gaps and islands
    are lost on the way.

    Args:
        source: A raster.

    Raises:
        SceneError: It cannot be read, or has no valid pixel.
    """
    with open_scene(source, overviews=True) as dataset:
        step = max(1, ceil(max(dataset.height, dataset.width) / _MOST_PX))
        size = ceil(dataset.height / step), ceil(dataset.width / step)
        transform = Affine.scale(dataset.width / size[1], dataset.height / size[0])
        try:
            with opening():
                valid = dataset.read_masks(1, out_shape=size) > 0
        except GDAL_ERRORS as error:
            raise SceneError(f"'{source.name}' cannot be read ({gdal_detail(error)}); copy it again.") from error
    if not valid.any():
        raise SceneError(f"No pixel of '{source.name}' is valid; it has no outline.")
    parts = [shape(part) for part, _ in shapes(valid.astype(np.uint8), mask=valid, transform=transform)]
    return _simplified(shapely.union_all(parts), float(step))


def _simplified(outline: BaseGeometry, tolerance: float) -> BaseGeometry:
    simple = outline
    while shapely.get_num_coordinates(simple) > _MOST_VERTICES:
        simple = shapely.make_valid(shapely.simplify(outline, tolerance))
        tolerance *= 2
        if tolerance > max(outline.bounds):
            return outline.convex_hull
    return simple
