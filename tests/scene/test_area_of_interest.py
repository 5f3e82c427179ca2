"""The area of interest decides what is written, never what a pixel becomes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import geometry_mask

from magnet_geo.errors import AreaOfInterestError, OptionError
from magnet_geo.grid import RasterGrid
from magnet_geo.scene import Area, RefineMode, Segmenter, SegmentOptions, segment_scene
from magnet_geo.scene.area_of_interest import AreaOfInterest
from tests.scene.stub_model import TRANSFORM, read, stub_model, texture, write_scene

HEIGHT, WIDTH = 205, 251
ROTATED = Affine.translation(400_001, 5_000_000) @ Affine.rotation(31) @ Affine.scale(2, -2)


@pytest.fixture(scope="module")
def values() -> NDArray[np.uint8]:
    values = texture(3, HEIGHT, WIDTH)
    values[:, 90:120, 60:100] = 0
    return values


@pytest.fixture(scope="module")
def model() -> Segmenter:
    return stub_model(radius=1)


def _whole(folder: Path, scene: str, model: Segmenter, **options: object) -> NDArray[np.uint8]:
    segment_scene(scene, output=folder / "whole.tif", model=model, options=SegmentOptions(**options))
    return read(folder / "whole.tif")


@pytest.mark.parametrize("mode", ["off", "fast", "full"])
@pytest.mark.parametrize("published", [False, True], ids=["decimation", "published"])
def test_a_pixel_has_the_same_class_in_any_box(
    tmp_path: Path, values: NDArray[np.uint8], mode: str, published: bool
) -> None:
    model = stub_model(radius=1, published=published)
    scene = write_scene(tmp_path / "scene.tif", values, nodata=0)
    refine = RefineMode.parse(mode)
    whole = _whole(tmp_path, scene, model, refine=refine)
    # Rows and columns cut windows, halos and patches in their middle.
    for row, col, height, width in ((0, 0, 7, 9), (77, 63, 101, 117), (100, 3, 105, 30), (190, 240, 15, 11)):
        left, top = TRANSFORM @ (col, row)
        right, bottom = TRANSFORM @ (col + width, row + height)
        options = SegmentOptions(area=Area((left, bottom, right, top)), refine=refine, overwrite=True)
        segment_scene(scene, output=tmp_path / "part.tif", model=model, options=options)
        expected = np.full_like(whole, 255)
        rows, cols = slice(row, row + height), slice(col, col + width)
        expected[rows, cols] = whole[rows, cols]
        np.testing.assert_array_equal(read(tmp_path / "part.tif"), expected)


@pytest.mark.parametrize("transform", [TRANSFORM, ROTATED], ids=["north-up", "rotated"])
def test_a_polygon_keeps_the_pixels_whose_centers_it_holds(
    tmp_path: Path, values: NDArray[np.uint8], model: Segmenter, transform: Affine
) -> None:
    scene = write_scene(tmp_path / "scene.tif", values, nodata=0, transform=transform)
    whole = _whole(tmp_path, scene, model)
    corners = [(10.3, 20.2), (230.1, 60.7), (150.2, 204.9), (99.9, 110.4)]
    polygon = shapely.Polygon([transform @ corner for corner in corners])
    gpd.GeoSeries([polygon], crs="EPSG:32633").to_crs("EPSG:4326").to_file(tmp_path / "area.gpkg")
    options = SegmentOptions(area=Area(vector=tmp_path / "area.gpkg"))
    segment_scene(scene, output=tmp_path / "part.tif", model=model, options=options)
    outside = geometry_mask([polygon], (HEIGHT, WIDTH), transform)
    np.testing.assert_array_equal(read(tmp_path / "part.tif"), np.where(outside, 255, whole))


def test_a_plain_image_takes_a_box_in_pixels(tmp_path: Path, values: NDArray[np.uint8], model: Segmenter) -> None:
    scene = write_scene(tmp_path / "scene.tif", values, crs=None, transform=None)
    whole = _whole(tmp_path, scene, model)
    options = SegmentOptions(area=Area((30, 20, 140, 200)))
    segment_scene(scene, output=tmp_path / "part.tif", model=model, options=options)
    expected = np.full_like(whole, 255)
    expected[20:200, 30:140] = whole[20:200, 30:140]
    np.testing.assert_array_equal(read(tmp_path / "part.tif"), expected)


def test_a_box_in_degrees_lands_where_it_should(tmp_path: Path, values: NDArray[np.uint8], model: Segmenter) -> None:
    scene = write_scene(tmp_path / "scene.tif", values)
    left, top = TRANSFORM @ (50, 40)
    right, bottom = TRANSFORM @ (200, 160)
    bounds = tuple(gpd.GeoSeries([shapely.box(left, bottom, right, top)], crs="EPSG:32633").to_crs(4326).total_bounds)
    options = SegmentOptions(area=Area(bounds, CRS.from_epsg(4326)))
    segment_scene(scene, output=tmp_path / "part.tif", model=model, options=options)
    written = np.argwhere(read(tmp_path / "part.tif") != 255)
    np.testing.assert_allclose([written.min(0), written.max(0)], [(40, 50), (159, 199)], atol=8)


@pytest.mark.parametrize(
    ("area", "match"),
    [
        (Area((0, 0, 10, 10)), "misses the scene"),
        (Area((10, 0, 0, 10)), "is empty"),
        (Area((400_130, 4_999_765, 400_190, 4_999_815)), "inside the area of interest is valid"),
    ],
)
def test_an_area_without_pixels_is_refused(
    tmp_path: Path, values: NDArray[np.uint8], model: Segmenter, area: Area, match: str
) -> None:
    scene = write_scene(tmp_path / "scene.tif", values, nodata=0)
    with pytest.raises(AreaOfInterestError, match=match):
        segment_scene(scene, output=tmp_path / "out.tif", model=model, options=SegmentOptions(area=area))
    assert [p.name for p in tmp_path.iterdir()] == ["scene.tif"]


def test_an_area_with_a_crs_over_a_scene_without_one_is_refused(tmp_path: Path, model: Segmenter) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 40, 50), crs=None, transform=None)
    gpd.GeoSeries([shapely.box(0, 0, 9, 9)], crs="EPSG:4326").to_file(tmp_path / "area.gpkg")
    options = SegmentOptions(area=Area(vector=tmp_path / "area.gpkg"))
    with pytest.raises(AreaOfInterestError, match="pixel coordinates; give a box in pixels"):
        segment_scene(scene, output=tmp_path / "out.tif", model=model, options=options)


def test_a_vector_file_without_polygons_is_refused(tmp_path: Path, model: Segmenter) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 40, 50))
    gpd.GeoSeries([shapely.Point(400_010, 4_999_990)], crs="EPSG:32633").to_file(tmp_path / "area.gpkg")
    with pytest.raises(AreaOfInterestError, match="no polygons"):
        segment_scene(
            scene,
            output=tmp_path / "out.tif",
            model=model,
            options=SegmentOptions(area=Area(vector=tmp_path / "area.gpkg")),
        )
    with pytest.raises(AreaOfInterestError, match="cannot be read"):
        segment_scene(
            scene,
            output=tmp_path / "out.tif",
            model=model,
            options=SegmentOptions(area=Area(vector=tmp_path / "absent.gpkg")),
        )


def _square_file(path: Path, **options: object) -> Path:
    left, top = TRANSFORM @ (10, 10)
    right, bottom = TRANSFORM @ (40, 30)
    square = gpd.GeoDataFrame(geometry=[shapely.box(left, bottom, right, top)], crs=32633)
    square.to_file(path, driver="GPKG", **options)
    return path


@pytest.mark.filterwarnings("error")
def test_tables_beside_the_layer_of_a_geopackage_do_not_matter(tmp_path: Path) -> None:
    path = _square_file(tmp_path / "area.gpkg")
    pyogrio.write_dataframe(pd.DataFrame({"style": ["a"]}), path, layer="layer_styles", append=True)
    area = AreaOfInterest.of(Area(vector=path), RasterGrid(CRS.from_epsg(32633), TRANSFORM, WIDTH, HEIGHT))
    assert area.inside(area.rect).sum() == 30 * 20


def test_an_area_of_several_layers_is_refused(tmp_path: Path) -> None:
    path = _square_file(_square_file(tmp_path / "area.gpkg", layer="north"), layer="south")
    with pytest.raises(AreaOfInterestError, match=r"has 2 layers \(north, south\); export"):
        AreaOfInterest.of(Area(vector=path), RasterGrid(CRS.from_epsg(32633), TRANSFORM, WIDTH, HEIGHT))


def test_a_box_and_a_file_exclude_each_other() -> None:
    with pytest.raises(OptionError, match="either"):
        Area((0, 0, 1, 1), vector=Path("a.gpkg"))
