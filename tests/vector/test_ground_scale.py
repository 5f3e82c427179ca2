"""Sizes on the ground against geodesics, whatever the projection."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from affine import Affine
from rasterio.crs import CRS

from magnet_geo.grid import PixelAreas, PixelRect, RasterGrid
from magnet_geo.vector.ground_scale import GroundScale

GRIDS = {
    "degrees": RasterGrid(CRS.from_epsg(4326), Affine(0.01, 0, 10, 0, -0.01, 60), 700, 900),
    "utm": RasterGrid(CRS.from_epsg(32633), Affine(10, 0, 3e5, 0, -10, 6e6), 900, 700),
    "mercator": RasterGrid(CRS.from_epsg(3857), Affine(0.6, 0, 1e6, 0, -0.6, 7e6), 400, 300),
    "rotated": RasterGrid(
        CRS.from_epsg(32633), Affine.translation(4e5, 5e6) @ Affine.rotation(30) @ Affine.scale(20, -35), 500, 400
    ),
    "feet": RasterGrid(CRS.from_epsg(2263), Affine(1, 0, 9.8e5, 0, -1, 2e5), 300, 300),
    "centimetres": RasterGrid(CRS.from_epsg(32633), Affine(0.02, 0, 5e5, 0, -0.02, 5e6), 300, 200),
}


def lon_lat(grid: RasterGrid, rows: list[float], cols: list[float]) -> tuple[np.ndarray, np.ndarray]:
    crs = pyproj.CRS.from_user_input(grid.crs)
    x, y = grid.world(rows=np.array(rows, float), cols=np.array(cols, float))
    return pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(x, y)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_areas_and_lengths_are_geodesic(grid):
    geod, scale = pyproj.CRS.from_user_input(grid.crs).get_geod(), GroundScale(grid)
    for row, col in ((0, 0), (grid.height - 20, 13), (grid.height // 2, grid.width - 20)):
        area, _ = geod.polygon_area_perimeter(
            *lon_lat(grid, [row, row, row + 20, row + 20], [col, col + 20, col + 20, col])
        )
        rows, cols = np.mgrid[row : row + 20, col : col + 20] + 0.5
        assert scale.pixel_areas_m2(rows=rows.ravel(), cols=cols.ravel()).sum() == pytest.approx(abs(area), rel=1e-4)
        lon, lat = lon_lat(grid, [row, row + 20], [col, col + 10])
        _, _, length = geod.inv(lon[0], lat[0], lon[1], lat[1])
        middle = {"rows": np.array([row + 10.0]), "cols": np.array([col + 5.0])}
        found = scale.step_lengths_m(**middle, d_rows=np.array([20.0]), d_cols=np.array([10.0]))
        assert found[0] == pytest.approx(length, rel=1e-4)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_areas_are_those_of_the_area_table(grid):
    rect = PixelRect(grid.height // 3, 5, 40, 50)
    rows, cols = np.mgrid[rect.row : rect.row_stop, rect.col : rect.col_stop] + 0.5
    found = GroundScale(grid).pixel_areas_m2(rows=rows.ravel(), cols=cols.ravel())
    assert found == pytest.approx(PixelAreas(grid).areas_m2(rect).ravel(), rel=1e-5)


def test_a_raster_of_the_whole_earth_has_its_area():
    grid = RasterGrid(CRS.from_epsg(4326), Affine(0.5, 0, -180, 0, -0.5, 90), 720, 360)
    rows, cols = np.mgrid[0:360, 0:720] + 0.5
    areas = GroundScale(grid).pixel_areas_m2(rows=rows.ravel(), cols=cols.ravel())
    assert areas.sum() == pytest.approx(5.1006562e14, rel=1e-4)
