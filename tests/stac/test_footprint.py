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


PLACES = {
    "web mercator at 180": (3857, Affine(500, 0, 19_900_000, 0, -500, 500_000)),
    "web mercator, far north": (3857, Affine(900, 0, -19_000_000, 0, -900, 15_000_000)),
    "utm 60": (32660, Affine(400, 0, 600_000, 0, -400, 6_600_000)),
    "utm 1": (32601, Affine(400, 0, 150_000, 0, -400, 6_600_000)),
    "utm 1 south, turned": (32701, Affine.translation(2e5, 8e6) @ Affine.rotation(40) @ Affine.scale(90, -90)),
    "fiji": (3460, Affine(700, 0, 1_700_000, 0, -700, 4_300_000)),
    "alaska": (3338, Affine(3000, 0, -2_100_000, 0, -3000, 2_400_000)),
    "new zealand": (2193, Affine(900, 0, 1_500_000, 0, -900, 6_000_000)),
    "antarctica, off the pole": (3031, Affine(800, 0, 300_000, 0, -800, 900_000)),
    "antarctica, across 180": (3031, Affine(800, 0, -400_000, 0, -800, -900_000)),
    "antarctica, the pole": (3031, Affine(900, 0, -450_000, 0, -900, 350_000)),
    "arctic, across 180": (3413, Affine(500, 0, -1_200_000, 0, -500, 1_300_000)),
    "arctic, the pole": (3995, Affine(900, 0, -450_000, 0, -900, 350_000)),
    "ups north": (5041, Affine(800, 0, 1_700_000, 0, -800, 2_900_000)),
    "degrees 0-360": (4326, Affine(0.01, 0, 215, 0, -0.01, 20)),
    "degrees over 180": (4326, Affine(0.001, 0, 179.6, 0, -0.001, 10)),
    "degrees under -180": (4326, Affine(0.001, 0, -180.4, 0, -0.001, 10)),
    "the whole world": (4326, Affine(0.36, 0, -180, 0, -0.225, 90)),
    "the whole world from 0": (4326, Affine(0.36, 0, 0, 0, -0.225, 90)),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("turn", [0.0, 17.0])
def test_nothing_of_a_map_lies_outside_its_geometry(place: str, turn: float) -> None:
    code, transform = PLACES[place]
    if turn and place.startswith(("degrees", "the whole", "web mercator, far")):
        pytest.skip("turned, it would reach beyond the poles")
    grid = grid_of(code, transform @ Affine.rotation(turn, pivot=(500, 400)))
    notched = box(0, 0, 1000, 800) - box(300, 200, 500, 800) - box(700, 100, 800, 300)
    found = footprint(notched, grid)
    assert found is not None
    geometry, (west, south, east, north) = shape(found[0]), found[1]
    inside = shapely.segmentize(shapely.buffer(notched, -0.01), 7.3)
    rows, cols = np.meshgrid(np.arange(0.5, 800, 9.7), np.arange(0.5, 1000, 9.7))
    within = shapely.contains_xy(notched, cols.ravel(), rows.ravel())
    pixels = np.concatenate([shapely.get_coordinates(inside), np.column_stack([cols.ravel(), rows.ravel()])[within]])
    to_degrees = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(grid.crs), 4326, always_xy=True)
    lon, lat = to_degrees.transform(*grid.world(rows=pixels[:, 1], cols=pixels[:, 0]))
    lon = (np.asarray(lon) + 180) % 360 - 180
    covered = shapely.intersects_xy(geometry, lon, lat) | shapely.intersects_xy(geometry, lon + 360, lat)
    assert covered.all()
    assert geometry.is_valid
    left, bottom, right, top = geometry.bounds
    assert (left, right) >= (-180, -180)
    assert right <= 180
    assert (bottom, top) == pytest.approx((south, north), abs=1e-6)
    between = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    assert (between | (np.abs(lon) > 179.9999)).all()
    # And little more than the map.
    if "pole" not in place or "off" in place:
        holes = shapely.contains_xy(notched.buffer(3), cols.ravel(), rows.ravel())
        away = np.column_stack([cols.ravel(), rows.ravel()])[~holes]
        lon, lat = to_degrees.transform(*grid.world(rows=away[:, 1], cols=away[:, 0]))
        lon = (np.asarray(lon) + 180) % 360 - 180
        assert not shapely.contains_xy(geometry, lon, lat).any()


def test_longitudes_beyond_180_are_brought_back_and_cut() -> None:
    geometry, bounds = found_for(grid_of(4326, Affine(0.0008, 0, 179.6, 0, -0.001, 10)))
    assert bounds == pytest.approx([179.6, 9.2, -179.6, 10], abs=1e-3)
    assert sorted(part.bounds[0] for part in geometry.geoms) == pytest.approx([-180, 179.6], abs=1e-3)
    geometry, bounds = found_for(grid_of(4326, Affine(0.001, 0, 220, 0, -0.001, 10)))
    assert bounds == pytest.approx([-140, 9.2, -139, 10], abs=1e-3)
    assert geometry.geom_type == "Polygon"


def test_around_the_pole_it_is_a_band_of_latitudes() -> None:
    geometry, bounds = found_for(grid_of(3413, Affine(1000, 0, -500_000, 0, -1000, 400_000)))
    assert (bounds[0], bounds[2:]) == (-180, [180, 90])
    assert 80 < bounds[1] < 85
    assert geometry.geom_type == "Polygon"


def test_without_a_crs_there_is_none() -> None:
    assert footprint(box(0, 0, 5, 5), RasterGrid(None, Affine.identity(), 5, 5)) is None
