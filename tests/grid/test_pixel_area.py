"""Areas of pixels against geodesic polygons, equal-area projections and PROJ's own areal distortion."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from magnet_geo.grid import PixelAreas, PixelRect, RasterGrid

UTM = Affine(10, 0, 400_000, 0, -10, 5_600_000)
ROTATED = Affine.translation(400_000, 5_600_000) @ Affine.rotation(33) @ Affine.scale(12, -8)


def grid_of(crs: int | str, transform: Affine, *, height: int = 700, width: int = 900) -> RasterGrid:
    return RasterGrid(CRS.from_user_input(crs), transform, width, height)


GRIDS = {
    "utm": grid_of(32633, UTM),
    "far from utm's meridian": grid_of(32633, Affine(10, 0, 900_000, 0, -10, 6_600_000)),
    "rotated": grid_of(32633, ROTATED),
    "sheared": grid_of(32633, UTM @ Affine.shear(20, 5)),
    "south up": grid_of(32733, Affine(10, 0, 400_000, 0, 10, 5_600_000)),
    "degrees": grid_of(4326, Affine(1e-4, 0, 13.2, 0, -1e-4, 51.5)),
    "degrees of the far north": grid_of(4326, Affine(2e-4, 0, 13.2, 0, -1e-4, 69.0)),
    "turned degrees": grid_of(4326, Affine(1e-4, 2e-5, 13.2, 3e-5, -1e-4, 51.5)),
    "web mercator": grid_of(3857, Affine(10, 0, 1_500_000, 0, -10, 6_700_000)),
    "coarse web mercator": grid_of(3857, Affine(300, 0, 1_500_000, 0, -300, 8_700_000), height=300, width=300),
    "rotated web mercator": grid_of(
        3857, Affine.translation(1.5e6, 6.7e6) @ Affine.rotation(40) @ Affine.scale(9, -11)
    ),
    "feet": grid_of(2263, Affine(30, 0, 1_000_000, 0, -30, 200_000)),
    "grads": grid_of(27572, Affine(10, 0, 600_000, 0, -10, 2_420_000)),
    "around the pole": grid_of(3413, Affine(50, 0, -20_000, 0, -50, 20_000)),
    "across the date line": grid_of(32660, Affine(10, 0, 700_000, 0, -10, 6_600_000)),
    "equal area": grid_of(3035, Affine(10, 0, 4_300_000, 0, -10, 3_200_000)),
}


@pytest.fixture(params=GRIDS.values(), ids=GRIDS.keys())
def grid(request: pytest.FixtureRequest) -> RasterGrid:
    found: RasterGrid = request.param
    return found


def degrees(grid: RasterGrid, rows: NDArray[np.float64], cols: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Longitude and latitude, by another way than the code's: a geographic CRS that counts in degrees."""
    crs = pyproj.CRS.from_user_input(grid.crs)
    ellipsoid = {"a": crs.ellipsoid.semi_major_metre, "b": crs.ellipsoid.semi_minor_metre}
    if crs.is_geographic:
        return grid.world(rows=rows, cols=cols)
    # The same projection on a datum that is nothing but its ellipsoid.
    plain = pyproj.CRS.from_dict({"proj": "longlat", **ellipsoid, "no_defs": True})
    lon, lat = pyproj.Transformer.from_crs(crs.geodetic_crs, plain, always_xy=True).transform(
        *pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(*grid.world(rows=rows, cols=cols))
    )
    return np.asarray(lon), np.asarray(lat)


def geodesic_m2(grid: RasterGrid, rect: PixelRect) -> float:
    """Area inside the outline of a rectangle, with a vertex at each pixel corner."""
    steps_down, steps_right = np.arange(rect.height, dtype=float), np.arange(rect.width, dtype=float)
    rows = np.concatenate(
        [np.zeros(rect.width), steps_down, np.full(rect.width, rect.height), rect.height - steps_down]
    )
    cols = np.concatenate([steps_right, np.full(rect.height, rect.width), rect.width - steps_right, steps_down * 0])
    lon, lat = degrees(grid, rows + rect.row, cols + rect.col)
    area, _ = pyproj.CRS.from_user_input(grid.crs).get_geod().polygon_area_perimeter(lon, lat)
    return abs(area)


RECTS = [PixelRect(0, 0, 300, 300), PixelRect(103, 57, 111, 190), PixelRect(250, 120, 37, 41)]


@pytest.mark.parametrize("rect", RECTS, ids=str)
def test_a_rectangle_has_the_area_of_its_geodesic_outline(grid: RasterGrid, rect: PixelRect) -> None:
    areas = PixelAreas(grid)
    assert areas.areas_m2(rect).sum() == pytest.approx(geodesic_m2(grid, rect), rel=2e-6)


def test_classes_that_lie_in_bands_are_measured_apart(grid: RasterGrid) -> None:
    rect = PixelRect(10, 20, 240, 230)
    values = np.repeat(np.array([4, 9, 77], np.uint8), 80)[:, None].repeat(230, axis=1)
    found = PixelAreas(grid).class_areas_m2(values, rect)
    for number, value in enumerate((4, 9, 77)):
        band = PixelRect(10 + 80 * number, 20, 80, 230)
        assert found[value] == pytest.approx(geodesic_m2(grid, band), rel=2e-6)
    assert found.sum() == pytest.approx(found[[4, 9, 77]].sum())


def test_the_stated_error_covers_every_corner(grid: RasterGrid) -> None:
    areas = PixelAreas(grid)
    whole = areas.areas_m2(PixelRect(0, 0, 300, 300))
    assert 0 < areas.relative_error < 1e-5
    for row, col in ((0, 0), (0, 290), (290, 0), (145, 145)):
        part = PixelRect(row, col, 10, 10)
        # Geodesic polygons of a few hectares are good for about 1e-6 themselves.
        expected = geodesic_m2(grid, part)
        tolerance = areas.relative_error + 2e-6
        assert whole[row : row + 10, col : col + 10].sum() == pytest.approx(expected, rel=tolerance)


def test_parts_have_the_areas_they_have_in_the_whole(grid: RasterGrid) -> None:
    whole = PixelAreas(grid).areas_m2(PixelRect(0, 0, 300, 300))
    part = PixelRect(37, 141, 90, 70)
    np.testing.assert_allclose(PixelAreas(grid).areas_m2(part), whole[37:127, 141:211], rtol=1e-8)


def test_small_pixels_lose_no_precision() -> None:
    """Polygons of GeographicLib are good for about 0.1 m²; centimetres need another way: PROJ's factors."""
    grid = grid_of(32633, Affine(0.05, 0, 400_000, 0, -0.05, 5_600_000))
    lon, lat = pyproj.Transformer.from_crs(32633, 4326, always_xy=True).transform(400_022.5, 5_599_982.5)
    expected = 0.05**2 / pyproj.Proj(32633).get_factors(lon, lat).areal_scale
    np.testing.assert_allclose(PixelAreas(grid).areas_m2(grid.rect), expected, rtol=1e-6)


def test_the_areal_scale_says_how_far_the_projection_is_off() -> None:
    areas = PixelAreas(GRIDS["web mercator"])
    areas.areas_m2(PixelRect(0, 0, 300, 300))
    assert areas.areal_scale is not None
    assert 2.4 < areas.areal_scale[0] < areas.areal_scale[1] < 2.8
    equal = PixelAreas(GRIDS["equal area"])
    equal.areas_m2(PixelRect(0, 0, 300, 300))
    assert equal.areal_scale == pytest.approx((1, 1), abs=1e-7)
    in_degrees = PixelAreas(GRIDS["degrees"])
    in_degrees.areas_m2(PixelRect(0, 0, 300, 300))
    assert (in_degrees.areal_scale, in_degrees.ellipsoid) == (None, "WGS 84")


def test_the_whole_earth_in_degrees_has_the_earths_area() -> None:
    """Also where the raster is registered at pixel centers and its outer rows reach beyond the poles."""
    earth = 510_065_621_724_000
    for top, height in ((90.0, 180), (90.5, 181)):
        grid = grid_of(4326, Affine(1, 0, -180, 0, -1, top), height=height, width=360)
        assert PixelAreas(grid).areas_m2(grid.rect).sum() == pytest.approx(earth, rel=1e-9)


def test_a_crs_without_an_ellipsoid_is_a_plane() -> None:
    local = CRS.from_wkt('LOCAL_CS["site",UNIT["foot",0.3048]]')
    areas = PixelAreas(RasterGrid(local, Affine(2, 0, 0, 0, -2, 0), 7, 5))
    np.testing.assert_allclose(areas.areas_m2(PixelRect(0, 0, 5, 7)), (2 * 0.3048) ** 2)
    assert (areas.relative_error, areas.areal_scale, areas.ellipsoid) == (0.0, None, None)


def test_beyond_the_projection_no_area_is_made_up() -> None:
    disk = CRS.from_string("+proj=ortho +lat_0=50 +lon_0=10 +ellps=WGS84")
    grid = RasterGrid(disk, Affine(40_000, 0, -8_000_000, 0, -40_000, 8_000_000), 400, 400)
    assert np.isnan(PixelAreas(grid).areas_m2(PixelRect(0, 0, 10, 10))).all()


def test_without_a_crs_there_are_no_areas() -> None:
    with pytest.raises(ValueError, match="coordinate reference system"):
        PixelAreas(RasterGrid(None, Affine.identity(), 7, 5))
