"""The area of interest decides what is written, never what a pixel becomes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import geometry_mask

from magnet_geo.errors import AreaOfInterestError, CancelledError, OptionError, SceneError
from magnet_geo.grid import PixelRect, RasterGrid, Size, Window, WindowPlan
from magnet_geo.inference import Segmenter
from magnet_geo.progress import CancelToken
from magnet_geo.raster import ScenePixels, SceneReader, strips
from magnet_geo.scene import (
    Area,
    RefineMode,
    SegmentOptions,
    area_of_interest,
    estimate_time,
    make_plan_record,
    plan_run,
    segment_scene,
)
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


def _huge_vrt(path: Path, *, height: int, width: int, blocks: int = 64) -> str:
    """A description of a scene with no data behind it."""
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}" blockXSize="{blocks}" blockYSize="{blocks}">'
        f"<ColorInterp>{color}</ColorInterp></VRTRasterBand>"
        for band, color in enumerate(("Red", "Green", "Blue"), 1)
    )
    place = ",".join(map(str, TRANSFORM.to_gdal()))
    path.write_text(
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>EPSG:32633</SRS>'
        f"<GeoTransform>{place}</GeoTransform>{bands}</VRTDataset>"
    )
    return str(path)


def _box_of(rows: slice, cols: slice) -> Area:
    left, top = TRANSFORM @ (cols.start, rows.start)
    right, bottom = TRANSFORM @ (cols.stop, rows.stop)
    return Area((left, bottom, right, top))


@pytest.fixture
def made_windows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The windows that are made, by their index; the test fails once there are many."""
    made: list[int] = []
    make = WindowPlan.__getitem__

    def noted(plan: WindowPlan, index: int) -> Window:
        made.append(index)
        assert len(made) <= 200, "windows outside the area are made"
        return make(plan, index)

    monkeypatch.setattr(WindowPlan, "__getitem__", noted)
    return made


@pytest.mark.parametrize("mode", ["full", "0.5", "off"])
def test_an_area_of_a_huge_scene_is_planned_by_its_own_windows(
    tmp_path: Path, model: Segmenter, made_windows: list[int], mode: str
) -> None:
    scene = _huge_vrt(tmp_path / "huge.vrt", height=1_000_000, width=1_000_000)
    area = _box_of(slice(500_000, 500_100), slice(700_000, 700_100))
    options = SegmentOptions(area=area, refine=RefineMode.parse(mode))
    plan = plan_run(scene, model, options)
    estimate = estimate_time(plan, model, options)
    record = make_plan_record(plan, model, estimate=estimate)
    assert record.windows == len(plan.area_windows) == 4
    assert "-srcwin 700000 500000 100 100 IN OUT.vrt" in plan.warnings[-1]
    assert estimate.seconds > 3600
    assert len(set(made_windows)) <= 2 * record.windows


@pytest.mark.parametrize("options", [{"refine": RefineMode.parse("0.5")}, {"preview": Path("preview.tif")}, {}])
def test_a_run_over_an_area_takes_its_own_windows_only(
    tmp_path: Path,
    model: Segmenter,
    made_windows: list[int],
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, object],
) -> None:
    monkeypatch.chdir(tmp_path)
    scene = _huge_vrt(tmp_path / "long.vrt", height=300, width=30_000)
    area = _box_of(slice(100, 200), slice(20_000, 20_100))
    segment_scene(scene, output=tmp_path / "map.tif", model=model, options=SegmentOptions(area=area, **options))
    assert len(set(made_windows)) <= 12
    assert np.count_nonzero(read(tmp_path / "map.tif") != 255) == 100 * 100


def test_windows_that_a_scattered_area_does_not_touch_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = RasterGrid(CRS.from_epsg(32633), TRANSFORM, 100_000, 300)
    squares = [shapely.box(*(TRANSFORM @ (col, 40)), *(TRANSFORM @ (col + 9, 60))) for col in (30, 90_000)]
    gpd.GeoSeries(squares, crs=32633).to_file(tmp_path / "area.gpkg")
    area = AreaOfInterest.of(Area(vector=tmp_path / "area.gpkg"), grid)
    rasterized = []
    monkeypatch.setattr(
        area_of_interest, "geometry_mask", lambda *args, **kw: rasterized.append(1) or geometry_mask(*args, **kw)
    )
    windows = WindowPlan(grid.size, Size(128, 128), 16).touching(area.rect)
    assert len(windows) > 900
    assert sum(int(area.inside(window.write).sum()) for window in windows) == 2 * 9 * 20
    assert len(rasterized) <= 4


def test_a_scene_of_which_no_map_can_be_written_is_refused_beforehand(tmp_path: Path, model: Segmenter) -> None:
    scene = _huge_vrt(tmp_path / "world.vrt", height=2_000_000_000, width=2_000_000_000)
    options = SegmentOptions(area=_box_of(slice(500, 600), slice(700, 800)))
    with pytest.raises(SceneError, match=r"more than a GeoTIFF can hold; .* -srcwin 700 500 100 100 IN OUT.vrt\.$"):
        segment_scene(scene, output=tmp_path / "map.tif", model=model, options=options)
    assert [path.name for path in tmp_path.iterdir()] == ["world.vrt"]


def test_planning_is_cancelled_between_two_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = write_scene(tmp_path / "scene.tif", np.zeros((3, 900, 900), np.uint16), nodata=0)
    token, reads = CancelToken(), []
    read_inside = SceneReader.read

    def counted(reader: SceneReader, rect: PixelRect) -> ScenePixels:
        reads.append(rect)
        if len(reads) == 2:
            token.cancel()
        return read_inside(reader, rect)

    monkeypatch.setattr(strips, "_PIECE_PIXELS", 900 * 10)
    monkeypatch.setattr(SceneReader, "read", counted)
    with pytest.raises(CancelledError):
        segment_scene(scene, output=tmp_path / "map.tif", model=stub_model(), cancel=token)
    assert len(reads) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["scene.tif"]


def test_long_edges_of_an_area_in_another_crs_lie_where_they_were_straight(tmp_path: Path) -> None:
    """Between its two ends alone, an edge of 4 degrees leaves its parallel by kilometres in UTM."""
    grid = RasterGrid(CRS.from_epsg(32633), Affine(500, 0, 300_000, 0, -500, 6_000_000), 900, 900)
    field = shapely.box(13.0, 51.0, 17.0, 53.0)
    gpd.GeoSeries([field], crs=4326).to_file(tmp_path / "area.geojson")
    area = AreaOfInterest.of(Area(vector=tmp_path / "area.geojson"), grid)
    inside = np.zeros((900, 900), bool)
    inside[area.rect.slices] = area.inside(area.rect)
    rows, cols = np.mgrid[:900, :900] + 0.5
    x, y = grid.world(rows=rows, cols=cols)
    to_degrees = pyproj.Transformer.from_crs(32633, 4326, always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    # But for centers within a tenth of a pixel, 50 m, of the border.
    edges = np.abs(np.stack([lon - 13.0, lon - 17.0, lat - 51.0, lat - 53.0])).min(axis=0)
    sure = edges > 8e-4
    np.testing.assert_array_equal(inside[sure], shapely.contains_xy(field, lon, lat)[sure])
    assert sure.mean() > 0.99
