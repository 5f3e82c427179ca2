"""Lines that are straight in one CRS stay where they were in another, and neighbors share what they share."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from rasterio.crs import CRS
from rasterio.transform import Affine

from magnet_geo.grid import RasterGrid, follow_lines, lattice_px, lines_on_grid, to_wgs84

GRIDS = {
    "utm": (32633, 10.0, 200_000, 6_200_000),
    "albers": (5070, 30.0, -2_000_000, 2_900_000),
    "polar": (3413, 100.0, -900_000, -500_000),
    "web mercator": (3857, 20.0, 1_400_000, 6_700_000),
    "degrees": (4326, 0.001, 10, 50),
}


def grid_of(kind: str, side: int = 11_000) -> RasterGrid:
    code, pixel, x, y = GRIDS[kind]
    return RasterGrid(CRS.from_epsg(code), Affine(pixel, 0, x, 0, -pixel, y), side, side)


def box_of(grid: RasterGrid, row: float, col: float, row_stop: float, col_stop: float) -> shapely.Polygon:
    rows, cols = np.array([row, row, row_stop, row_stop]), np.array([col, col_stop, col_stop, col])
    return shapely.Polygon(np.column_stack(grid.world(rows=rows, cols=cols)))


def distance_px(grid: RasterGrid, polygon: shapely.Polygon) -> float:
    """How far the straight lines between the vertices in degrees leave the polygon's border, in pixels."""
    to_degrees = to_wgs84(grid)
    assert to_degrees is not None
    x, y = shapely.get_coordinates(polygon).T
    lon, lat = to_degrees.transform(x, y)
    shares = np.linspace(0, 1, 33)
    chords = [np.outer(at[:-1], 1 - shares) + np.outer(at[1:], shares) for at in (lon, lat)]
    back = to_degrees.transform(chords[0].ravel(), chords[1].ravel(), direction="INVERSE")
    pixels = shapely.transform(polygon.exterior, lambda at: np.column_stack(~grid.transform @ (at[:, 0], at[:, 1])))
    return float(shapely.distance(shapely.points(*(~grid.transform @ back)), pixels).max())


@pytest.mark.parametrize("kind", GRIDS)
def test_borders_in_degrees_lie_within_a_tenth_of_a_pixel(kind: str) -> None:
    grid = grid_of(kind)
    step = lattice_px(grid, to_wgs84(grid))
    slanted = shapely.Polygon(np.column_stack(~(~grid.transform) @ np.array([[50, 9_000, 7_000], [20, 3_000, 10_500]])))
    for polygon in (box_of(grid, 3, 5, 10_990, 10_995), slanted):
        (found,) = follow_lines(np.array([polygon]), grid, step)
        assert found.equals(polygon) or shapely.hausdorff_distance(found, polygon) < 1e-5 * abs(grid.transform.a)
        assert distance_px(grid, found) < 0.1
    # Upright lines of Mercator's are straight in degrees.
    assert kind == "degrees" or distance_px(grid, slanted) > 0.5
    assert (kind == "degrees") == (step == 11_000)


@pytest.mark.parametrize("kind", ["utm", "albers", "polar"])
def test_neighbors_get_the_same_vertices_whatever_the_length_of_their_sides(kind: str) -> None:
    grid = grid_of(kind)
    step = lattice_px(grid, to_wgs84(grid))
    left = box_of(grid, 0, 0, 11_000, 3_333)
    right = [box_of(grid, 0, 3_333, 4_444, 11_000), box_of(grid, 4_444, 3_333, 11_000, 11_000)]
    own, *others = (
        set(map(tuple, shapely.get_coordinates(each))) for each in follow_lines(np.array([left, *right]), grid, step)
    )
    x = grid.world(rows=np.array([0.0]), cols=np.array([3_333.0]))[0][0]
    border = {at for at in own if abs(at[0] - x) < 1e-6}
    shared = {at for other in others for at in other if abs(at[0] - x) < 1e-6}
    corner = {at for at in shared if at not in border}
    assert len(border) > 3
    assert border <= shared
    assert len(corner) == 1


def test_short_lines_are_left_as_they_are() -> None:
    grid = grid_of("utm")
    squares = np.array([box_of(grid, row, row, row + 3, row + 3) for row in (11, 501, 777)])
    assert all(found is own for found, own in zip(follow_lines(squares, grid, 1000), squares, strict=True))


def test_holes_and_parts_are_followed_too() -> None:
    grid = grid_of("utm")
    outer, hole = box_of(grid, 0, 0, 5000, 5000), box_of(grid, 1000, 1000, 4000, 4000)
    both = shapely.MultiPolygon([outer - hole, box_of(grid, 6000, 0, 9000, 9000)])
    (found,) = follow_lines(np.array([both]), grid, 500)
    assert found.equals(both)
    assert (found.geom_type, len(found.geoms), len(found.geoms[0].interiors)) == ("MultiPolygon", 2, 1)
    assert shapely.get_num_coordinates(found) > 100


@pytest.mark.parametrize("kind", ["utm", "albers", "polar", "web mercator"])
def test_shapes_in_degrees_lie_where_their_lines_were_straight(kind: str) -> None:
    grid = grid_of(kind)
    to_degrees = to_wgs84(grid)
    lon, lat = to_degrees.transform(*grid.world(rows=np.array([8000.0, 2000.0]), cols=np.array([2000.0, 8000.0])))
    box = shapely.box(min(lon), min(lat), max(lon), max(lat))
    to_grid = pyproj.Transformer.from_crs(4326, pyproj.CRS.from_user_input(grid.crs), always_xy=True)
    (found,) = lines_on_grid(np.array([box]), grid, to_grid)
    exact = shapely.transform(shapely.segmentize(box, 1e-4), to_grid.transform, interleaved=False)
    assert shapely.hausdorff_distance(found, exact) < 0.1 * abs(grid.transform.a)


def test_a_shape_far_larger_than_the_grid_costs_little() -> None:
    grid = RasterGrid(CRS.from_epsg(32633), Affine(0.1, 0, 500_000, 0, -0.1, 5_600_000), 1000, 1000)
    to_grid = pyproj.Transformer.from_crs(4326, 32633, always_xy=True)
    (found,) = lines_on_grid(np.array([shapely.box(10, 45, 20, 55)]), grid, to_grid)
    assert shapely.get_num_coordinates(found) < 1000


@pytest.mark.parametrize("world", [(-180.0, -90.0, 180.0, 90.0), (-180.0, 0.0, 180.0, 90.0)])
@pytest.mark.parametrize(
    ("epsg", "left", "top", "pixel"),
    [
        (32633, 500_000, 5_500_000, 10),
        (32660, 833_000, 400_000, 100),
        (3413, 500_000, 500_000, 100),
        (3413, -50_000, 50_000, 500),
        (3338, 0, 1_000_000, 30),
        (3857, 1_000_000, 6_000_000, 10),
    ],
)
def test_the_whole_world_in_degrees_covers_every_grid(
    world: tuple[float, float, float, float], epsg: int, left: float, top: float, pixel: float
) -> None:
    """Most CRSs show part of the world only: what is far from the grid is cut off before it is brought there."""
    grid = RasterGrid(CRS.from_epsg(epsg), Affine(pixel, 0, left, 0, -pixel, top), 200, 200)
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    found = lines_on_grid(np.array([shapely.box(*world)], dtype=object), grid, to_grid)
    outline = shapely.box(left, top - 200 * pixel, left + 200 * pixel, top)
    assert shapely.union_all(shapely.make_valid(found)).buffer(pixel / 1000).covers(outline)


def test_what_is_far_from_a_grid_is_empty_beside_what_is_near() -> None:
    grid = RasterGrid(CRS.from_epsg(32633), Affine(10, 0, 500_000, 0, -10, 5_500_000), 200, 200)
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    shapes = np.array([shapely.box(14, 49, 16, 50), shapely.box(-90, -10, -80, 10)], dtype=object)
    near, far = lines_on_grid(shapes, grid, to_grid)
    assert near.area > 0
    assert far.is_empty
