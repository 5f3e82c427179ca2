"""Pixel sizes and areas on the ellipsoid."""

from __future__ import annotations

from math import cos, radians

import numpy as np
import pyproj
import pytest
from affine import Affine
from rasterio.crs import CRS

from magnet_geo.grid import PixelRect, RasterGrid

UTM = Affine(10, 0, 400_000, 0, -10, 5_600_000)
ROTATED = Affine.translation(400_000, 5_600_000) @ Affine.rotation(33) @ Affine.scale(12, -8)
FEET = Affine(3, 0, 2_000_000, 0, -3, 700_000)
GRIDS = {
    "utm": RasterGrid(CRS.from_epsg(32633), UTM, 71, 53),
    "rotated": RasterGrid(CRS.from_epsg(32633), ROTATED, 71, 53),
    "degrees": RasterGrid(CRS.from_epsg(4326), Affine(1e-4, 0, 13.2, 0, -1e-4, 51.5), 71, 53),
    "degrees of the far north": RasterGrid(CRS.from_epsg(4326), Affine(2e-4, 0, 13.2, 0, -1e-4, 69.0), 71, 53),
    "web mercator": RasterGrid(CRS.from_epsg(3857), Affine(10, 0, 1_500_000, 0, -10, 6_700_000), 71, 53),
    "feet": RasterGrid(CRS.from_epsg(2263), FEET, 71, 53),
    "south up": RasterGrid(CRS.from_epsg(32733), Affine(10, 0, 400_000, 0, 10, 5_600_000), 71, 53),
}


@pytest.mark.parametrize("name", ["utm", "south up"])
def test_utm_pixels_are_nearly_as_large_as_they_say(name: str) -> None:
    assert GRIDS[name].ground_sample_distance_m == pytest.approx(10, rel=1e-3)


def test_a_rotated_pixel_is_the_mean_of_its_sides() -> None:
    assert GRIDS["rotated"].ground_sample_distance_m == pytest.approx((12 * 8) ** 0.5, rel=1e-3)


def test_degrees_are_measured_on_the_ellipsoid() -> None:
    grid = GRIDS["degrees"]
    latitude = 51.5 - 53 / 2 * 1e-4
    geod = pyproj.Geod(ellps="WGS84")
    _, _, across = geod.inv(13, latitude, 13 + 1e-4, latitude)
    _, _, down = geod.inv(13, latitude - 5e-5, 13, latitude + 5e-5)
    assert grid.ground_sample_distance_m == pytest.approx((across * down) ** 0.5, rel=1e-6)


def test_the_stretch_of_web_mercator_does_not_count() -> None:
    grid = GRIDS["web mercator"]
    _, latitude = pyproj.Transformer.from_crs(3857, 4326, always_xy=True).transform(1_500_000, 6_700_000)
    assert grid.ground_sample_distance_m == pytest.approx(10 * cos(radians(latitude)), rel=5e-3)


def test_feet_are_told_in_metres() -> None:
    assert GRIDS["feet"].ground_sample_distance_m == pytest.approx(3 * 1200 / 3937, rel=1e-3)


def test_without_a_crs_nothing_is_known_of_the_ground() -> None:
    grid = RasterGrid(None, Affine.identity(), 7, 5)
    assert grid.ground_sample_distance_m is None


def test_a_local_crs_without_an_ellipsoid_gives_its_own_units() -> None:
    local = CRS.from_wkt('LOCAL_CS["site",UNIT["foot",0.3048]]')
    grid = RasterGrid(local, Affine(2, 0, 0, 0, -2, 0), 7, 5)
    assert grid.ground_sample_distance_m == pytest.approx(2 * 0.3048)


def test_grads_are_no_degrees() -> None:
    """The NTF of older French maps: read as degrees, its latitude would be 5 degrees off and a pixel a tenth."""
    grid = RasterGrid(CRS.from_epsg(27572), Affine(10, 0, 600_000, 0, -10, 2_420_000), 71, 53)
    assert grid.ground_sample_distance_m == pytest.approx(10, rel=1e-3)


def test_a_window_has_the_transform_of_its_corner() -> None:
    for grid in GRIDS.values():
        transform = grid.window_transform(PixelRect(11, 4, 2, 2))
        x, y = grid.world(rows=np.array([11.0]), cols=np.array([4.0]))
        assert transform @ (0, 0) == pytest.approx((x[0], y[0]))
        assert grid.window_transform(grid.rect) == grid.transform


def test_grids_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        RasterGrid(None, Affine.identity(), 0, 5)
    with pytest.raises(ValueError, match="onto a line"):
        RasterGrid(None, Affine(1, 1, 0, 1, 1, 0), 5, 5)
