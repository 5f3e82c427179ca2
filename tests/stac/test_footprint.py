"""Footprints: what they cover, where they are cut, and that they stay small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS
from shapely.geometry import Polygon, box, shape

from magnet_geo.grid import RasterGrid
from magnet_geo.stac.footprint import footprint


def grid_of(code: int, transform: Affine) -> RasterGrid:
    return RasterGrid(CRS.from_epsg(code), transform, 1000, 800)


def found_for(grid: RasterGrid, outline: Polygon | None = None) -> tuple[Any, list[float]]:
    found = footprint(outline or box(0, 0, 1000, 800), grid)
    assert found is not None
    return shape(found[0]), found[1]


@pytest.mark.parametrize(
    "grid",
    [
        grid_of(32633, Affine(100, 0, 300_000, 0, -100, 5_600_000)),
        grid_of(32633, Affine.translation(3e5, 5.6e6) @ Affine.rotation(33) @ Affine.scale(80, -80)),
        grid_of(3857, Affine(30, 0, 1.5e6, 0, -30, 6.7e6)),
        grid_of(4326, Affine(1e-3, 0, 13, 0, -1e-3, 51)),
        grid_of(27572, Affine(10, 0, 6e5, 0, -10, 2.4e6)),
    ],
    ids=["utm", "rotated", "web mercator", "degrees", "grads"],
)
def test_it_covers_the_raster_and_little_more(grid: RasterGrid) -> None:
    geometry, bounds = found_for(grid)
    to_degrees = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(grid.crs), 4326, always_xy=True)
    border = shapely.segmentize(box(0, 0, 1000, 800), 3)
    exact = shapely.transform(
        border,
        lambda at: np.column_stack(to_degrees.transform(*grid.world(rows=at[:, 1], cols=at[:, 0]))),
    )
    assert shapely.symmetric_difference(geometry, exact).area < 1e-3 * exact.area
    assert geometry.bounds == pytest.approx(tuple(bounds), abs=1e-6)
    assert geometry.is_valid
    assert shapely.get_num_coordinates(geometry) < 200
    assert geometry.exterior.is_ccw


def test_it_is_cut_at_the_antimeridian() -> None:
    geometry, bounds = found_for(grid_of(32660, Affine(400, 0, 600_000, 0, -400, 6_600_000)))
    west, south, east, north = bounds
    assert geometry.geom_type == "MultiPolygon"
    assert all(part.is_valid for part in geometry.geoms)
    assert (west > 170, east < -170, south < north) == (True, True, True)
    assert geometry.bounds[0] == pytest.approx(-180)
    assert geometry.bounds[2] == pytest.approx(180)
    assert geometry.area == pytest.approx((180 - west + east + 180) * (north - south), rel=0.3)


def test_around_the_pole_it_is_a_band_of_latitudes() -> None:
    geometry, bounds = found_for(grid_of(3413, Affine(1000, 0, -500_000, 0, -1000, 400_000)))
    assert (bounds[0], bounds[2:]) == (-180, [180, 90])
    assert 80 < bounds[1] < 85
    assert geometry.geom_type == "Polygon"


def test_without_a_crs_there_is_none() -> None:
    assert footprint(box(0, 0, 5, 5), RasterGrid(None, Affine.identity(), 5, 5)) is None
