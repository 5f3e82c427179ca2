"""Laws of polygons: a true coverage that gives back its raster, however it is read."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize, shapes

from magnet_geo.vector.tracing.border_shape import PixelBorders, SmoothBorders
from magnet_geo.vector.tracing.simplification import SimplifiedBorders
from tests.vector.traced import class_rasters, grid_of, normalized, trace, trace_blocks

CONNECTIVITY = st.sampled_from([4, 8])
TRANSFORMS = st.sampled_from(
    [
        Affine(1, 0, 0, 0, -1, 0),
        Affine(1, 0, 0, 0, 1, 0),
        Affine.translation(5e5, 5e6) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5),
    ]
)


@settings(max_examples=150)
@given(codes=class_rasters(), connectivity=CONNECTIVITY, transform=TRANSFORMS)
def test_rasterizing_the_polygons_gives_back_the_raster(codes, connectivity, transform):
    features = trace(codes, connectivity=connectivity, transform=transform)
    pairs = [(geometry, code) for code, geometry in features]
    assert np.array_equal(rasterize(pairs, out_shape=codes.shape, transform=transform, dtype="uint8"), codes)


@settings(max_examples=150)
@given(codes=class_rasters(), connectivity=CONNECTIVITY, transform=TRANSFORMS)
def test_the_polygons_are_valid_and_tile_the_valid_area(codes, connectivity, transform):
    geometries = np.array([geometry for _, geometry in trace(codes, connectivity=connectivity, transform=transform)])
    assert shapely.is_valid(geometries).all()
    assert shapely.coverage_is_valid(geometries)
    assert (shapely.is_ccw(shapely.get_exterior_ring(shapely.get_parts(geometries)))).all()
    pixel = abs(transform.determinant)
    assert shapely.area(geometries).sum() == pytest.approx(np.count_nonzero(codes) * pixel, rel=1e-9)


@settings(max_examples=150)
@given(codes=class_rasters(), connectivity=CONNECTIVITY)
def test_there_are_as_many_regions_as_gdal_finds(codes, connectivity):
    features = trace(codes, connectivity=connectivity)
    found = [int(value) for _, value in shapes(codes, mask=codes > 0, connectivity=connectivity)]
    assert sorted(code for code, _ in features) == sorted(found)


@settings(max_examples=150)
@given(codes=class_rasters(), rows=st.integers(1, 5), connectivity=CONNECTIVITY, knots=st.sampled_from([None, 3]))
def test_reading_in_bands_changes_nothing(codes, rows, connectivity, knots):
    for shape in (PixelBorders(knots), SmoothBorders(*codes.shape, knots=knots)):
        whole = trace(codes, connectivity=connectivity, shape=shape)
        assert normalized(trace(codes, rows=rows, connectivity=connectivity, shape=shape)) == normalized(whole)


@settings(max_examples=100)
@given(codes=class_rasters(), rows=st.integers(1, 9), connectivity=CONNECTIVITY)
def test_pixel_counts_are_the_areas(codes, rows, connectivity):
    for block, _, counts in trace_blocks(codes, rows=rows, connectivity=connectivity):
        assert np.array_equal(block.areas_px(), counts)


@settings(max_examples=150)
@given(codes=class_rasters(), connectivity=CONNECTIVITY, knots=st.sampled_from([None, 4]))
def test_smooth_borders_are_still_a_coverage(codes, connectivity, knots):
    shape = SmoothBorders(*codes.shape, knots=knots)
    geometries = np.array([g for _, g in trace(codes, connectivity=connectivity, shape=shape)])
    assert shapely.is_valid(geometries).all()
    assert shapely.coverage_is_valid(geometries)


def test_smooth_borders_make_stairs_a_slope():
    codes = np.tri(12, dtype=np.uint8) + 1
    (first, _), (second, _) = ((g, c) for c, g in trace(codes, shape=SmoothBorders(12, 12)))
    shared = shapely.line_merge(shapely.shared_paths(first.exterior, second.exterior).geoms[1])
    assert len(shared.coords) <= 4


@settings(max_examples=100)
@given(
    codes=class_rasters(most=40),
    connectivity=CONNECTIVITY,
    tolerance=st.sampled_from([0.8, 1.5, 4.0]),
    knots=st.sampled_from([5, 16, 64]),
)
def test_simplified_borders_are_still_a_coverage_across_tiles(codes, connectivity, tolerance, knots):
    shape = SimplifiedBorders(tolerance, knots=knots)
    features = trace(codes, rows=knots, connectivity=connectivity, shape=shape)
    geometries = np.array([geometry for _, geometry in features])
    assert shapely.is_valid(geometries).all()
    assert shapely.coverage_is_valid(geometries)
    assert sorted(c for c, _ in features) == sorted(c for c, _ in trace(codes, connectivity=connectivity))


def test_simplification_in_one_tile_is_that_of_shapely():
    codes = np.random.default_rng(3).integers(1, 4, (8, 8)).astype(np.uint8).repeat(5, axis=0).repeat(5, axis=1)
    codes = np.where(np.tri(40, 40, 3, dtype=bool), codes, np.uint8(4))
    plain = np.array([geometry for _, geometry in trace(codes)])
    expected = shapely.coverage_simplify(plain, 2 * 2.0, simplify_boundary=False)
    found = np.array([g for _, g in trace(codes, shape=SimplifiedBorders(2.0))])
    assert shapely.get_num_coordinates(found).sum() < shapely.get_num_coordinates(plain).sum()
    assert shapely.get_num_coordinates(found).sum() == shapely.get_num_coordinates(expected).sum()


def test_a_region_that_closes_around_a_corner_is_a_polygon_with_a_hole():
    codes = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], np.uint8)
    ((_, polygon),) = trace(codes)
    assert polygon.is_valid
    assert len(polygon.interiors) == 1


def test_eight_connected_pixels_are_one_multipolygon():
    ((_, geometry),) = trace(np.eye(3, dtype=np.uint8), connectivity=8)
    assert (geometry.geom_type, len(geometry.geoms)) == ("MultiPolygon", 3)


def test_a_raster_of_one_class_is_its_rectangle():
    codes = np.ones((7, 5), np.uint8)
    ((_, polygon),) = trace(codes, rows=2)
    grid = grid_of(codes)
    x, y = grid.world(rows=np.array([0.0, 7.0]), cols=np.array([0.0, 5.0]))
    assert polygon.equals(shapely.box(x[0], y[1], x[1], y[0]))
    assert shapely.get_num_coordinates(polygon) == 5
