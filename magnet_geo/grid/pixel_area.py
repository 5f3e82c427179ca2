"""True areas of pixels, on the ellipsoid, for any CRS."""

from __future__ import annotations

import numpy as np
import pyproj
from numpy.typing import NDArray

from magnet_geo.grid.pixel_rect import PixelRect
from magnet_geo.grid.raster_grid import RasterGrid

_CELL_M = 2000.0
_LARGEST_CELL_PX = 64


class PixelAreas:
    """Geodesic area of pixels, taken as constant within cells of at most 64 pixels and 2 km.

    Below 70 degrees of latitude a pixel's area changes by less than 1e-3 over such a cell, of which the mean is
    taken: sums over many cells are far closer than that.
    """

    def __init__(self, grid: RasterGrid) -> None:
        """Prepare for a grid.

        Args:
            grid: A grid with a CRS.

        Raises:
            ValueError: The grid has no CRS, or its CRS no ellipsoid.
        """
        if grid.crs is None or grid.ground_sample_distance_m is None:
            raise ValueError("Areas on the ground need a coordinate reference system.")
        crs = pyproj.CRS.from_user_input(grid.crs)
        geod = crs.get_geod()
        if geod is None or crs.geodetic_crs is None:
            raise ValueError(f"'{crs.name}' has no ellipsoid to measure areas on.")
        self._grid, self._geod = grid, geod
        self._to_degrees = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
        self._cell = int(np.clip(_CELL_M / grid.ground_sample_distance_m, 1, _LARGEST_CELL_PX))

    def class_areas_m2(self, values: NDArray[np.uint8], rect: PixelRect) -> NDArray[np.float64]:
        """Area of each pixel value within a rectangle.

        Args:
            values: (h, w) uint8.
            rect: Where they lie in the grid.

        Returns:
            (256,) float64 square metres by pixel value.
        """
        areas = np.zeros(256)
        for row in range(0, rect.height, self._cell):
            for col in range(0, rect.width, self._cell):
                part = values[row : row + self._cell, col : col + self._cell]
                cell = PixelRect(rect.row + row, rect.col + col, *part.shape)
                areas += np.bincount(part.ravel(), minlength=256) * self._pixel_area_m2(cell)
        return areas

    def _pixel_area_m2(self, cell: PixelRect) -> float:
        rows = np.array([cell.row, cell.row, cell.row_stop, cell.row_stop], dtype=np.float64)
        cols = np.array([cell.col, cell.col_stop, cell.col_stop, cell.col], dtype=np.float64)
        x, y = self._grid.world(rows=rows, cols=cols)
        lon, lat = self._to_degrees.transform(x, y)
        area, _ = self._geod.polygon_area_perimeter(lon, lat)
        return abs(area) / (cell.height * cell.width)
