"""`PolygonTruth`: the classes of label polygons, rasterized for each rectangle that is read."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine

from magnet_geo.datasets.class_table import ClassTable
from magnet_geo.datasets.label_layer import LabelLayer, LabelPolygons
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.datasets.overlaps import Overlaps, find_overlaps
from magnet_geo.grid import PixelRect, RasterGrid, Size
from magnet_geo.progress import CancelToken
from magnet_geo.raster.gdal_environment import gdal_environment

_TILE_PX = 2048


class PolygonTruth:
    """Classes from polygons in any CRS.

    A pixel belongs to the polygon that holds its center; where polygons overlap, the later one of the file wins, and
    `overlaps` tells where.
    Memory depends on the polygons that touch a tile of 2048 pixels (and on the layer itself up to 50 000 features).
    """

    def __init__(
        self,
        path: str,
        grid: RasterGrid,
        table: ClassTable,
        *,
        class_column: str | None,
        background: int = IGNORE_INDEX,
    ) -> None:
        """Look at the layer.

        Args:
            path: Any vector format, perhaps with ``|layername=...``.
            grid: The image's grid.
            table: What the classes are called.
            class_column: Column of the class; None where the layer has a single column.
            background: Class index of the ground without a polygon; `IGNORE_INDEX` for none.

        Raises:
            TrainingError: The layer cannot be read, or holds a class that the table does not have.
        """
        self.name = path
        self._grid, self._background = grid, background
        self._layer = LabelLayer(path, class_column, table, None if grid.crs is None else grid.crs.to_wkt(), grid=grid)
        self.note = f"{self._layer.feature_count} polygons"

    def read(self, rect: PixelRect, shape: Size) -> NDArray[np.uint8]:
        """Burn the polygons of a rectangle."""
        classes = np.full((shape.height, shape.width), IGNORE_INDEX, np.uint8)
        to_world = self._grid.window_transform(rect) @ Affine.scale(
            rect.width / shape.width, rect.height / shape.height
        )
        for row in range(0, shape.height, _TILE_PX):
            for col in range(0, shape.width, _TILE_PX):
                tile = classes[row : row + _TILE_PX, col : col + _TILE_PX]
                self._fill(tile, to_world @ Affine.translation(col, row))
        if self._background != IGNORE_INDEX:
            classes[self._outside(rect, shape)] = IGNORE_INDEX
        return classes

    def overlaps(self, rect: PixelRect, *, cancel: CancelToken | None = None) -> Overlaps:
        """Find polygons of different classes that overlap."""
        return find_overlaps(self._layer, self._grid, rect, cancel=cancel)

    def _fill(self, tile: NDArray[np.uint8], to_world: Affine) -> None:
        tile[:] = self._background
        height, width = tile.shape
        corners = [to_world @ corner for corner in ((0, 0), (width, 0), (width, height), (0, height))]
        polygons = self._layer.within(shapely.Polygon(corners))
        if polygons.geometries.size:
            _burn(tile, polygons, to_world)

    def _outside(self, rect: PixelRect, shape: Size) -> NDArray[np.bool_]:
        rows = rect.row + (np.arange(shape.height) + 0.5) * rect.height / shape.height
        cols = rect.col + (np.arange(shape.width) + 0.5) * rect.width / shape.width
        in_rows, in_cols = (rows > 0) & (rows < self._grid.height), (cols > 0) & (cols < self._grid.width)
        return ~(in_rows[:, None] & in_cols[None, :])


def _burn(tile: NDArray[np.uint8], polygons: LabelPolygons, to_world: Affine) -> None:
    # In pixels of the tile: GDAL warns of a missing georeference only where the transform is the identity,
    # and a shift of one pixel is none.
    to_pixels = Affine.translation(-1, -1) @ ~to_world
    matrix = (to_pixels.a, to_pixels.b, to_pixels.d, to_pixels.e, to_pixels.c, to_pixels.f)
    coefficients = np.array(matrix)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        linear = coefficients[:4].reshape(2, 2)
        return np.asarray(points @ linear.T + coefficients[4:])

    shapes = zip(shapely.transform(polygons.geometries, moved), polygons.indexes.tolist(), strict=True)
    with gdal_environment():
        rasterize(shapes, out=tile, transform=Affine.translation(-1, -1))
