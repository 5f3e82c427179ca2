"""Where a map lies and how large it is on the ground."""

from __future__ import annotations

import pytest
from rasterio.crs import CRS
from rasterio.transform import Affine

from magnet_geo.grid import RasterGrid
from magnet_geo.report.placing import coordinate_decimals, corner_text, crs_name, ground_size, scale_bar

UTM = RasterGrid(CRS.from_epsg(32633), Affine(2, 0, 500_000, 0, -2, 5_000_000), 1000, 500)
DEGREES = RasterGrid(CRS.from_epsg(4326), Affine(1e-4, 0, 10, 0, -1e-4, 60.05), 1000, 1000)


def test_a_map_in_metres_is_as_long_as_its_pixels() -> None:
    size = ground_size(UTM)
    assert size is not None
    assert size.across_m == pytest.approx(2000 / 0.9996, rel=1e-5)
    assert size.down_m == pytest.approx(1000 / 0.9996, rel=1e-5)


def test_a_square_of_degrees_is_half_as_wide_as_high_in_oslo() -> None:
    size = ground_size(DEGREES)
    assert size is not None
    assert size.across_m / size.down_m == pytest.approx(0.5, abs=0.01)
    assert size.down_m == pytest.approx(11_140, rel=0.002)


def test_a_plain_picture_has_no_size() -> None:
    plain = RasterGrid(None, Affine.identity(), 10, 10)
    assert ground_size(plain) is None
    assert scale_bar(None) is None
    assert corner_text(plain, row=0, col=0) == ""
    assert crs_name(plain) == "pixel coordinates, no CRS"


def test_the_bar_is_round_and_at_most_a_quarter() -> None:
    bar = scale_bar(ground_size(UTM))
    assert bar is not None
    assert bar.label == "500 m"
    assert bar.share == pytest.approx(0.25, rel=1e-3)


def test_coordinates_tell_pixels_apart() -> None:
    assert (coordinate_decimals(UTM), coordinate_decimals(DEGREES)) == (0, 4)
    assert corner_text(UTM, row=500, col=1000) == "502000, 4999000"
    assert corner_text(DEGREES, row=0, col=0) == "10.0000, 60.0500"
    assert crs_name(UTM) == "WGS 84 / UTM zone 33N (EPSG:32633)"
