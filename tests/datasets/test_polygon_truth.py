"""Label polygons: rasterized by window as if the whole scene had been, in any format and CRS."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from magnet_geo.datasets import IGNORE_INDEX, LabeledSource, label_layer, polygon_truth
from magnet_geo.datasets.polygon_truth import PolygonTruth
from magnet_geo.errors import TrainingError
from magnet_geo.grid import PixelRect, RasterGrid, Size
from tests.datasets.scenes import HEIGHT, TABLE, WIDTH, open_one, pixel_polygon, write_polygons, write_scene
from tests.raster.rasters import TRANSFORM, write_raster

GRID = RasterGrid(CRS.from_epsg(32633), TRANSFORM, WIDTH, HEIGHT)
WHOLE = GRID.rect, GRID.size


def blobs(count: int = 40, seed: int = 3) -> tuple[list[shapely.Polygon], list[str]]:
    """Overlapping discs all over the scene and beyond it, each with a class."""
    generator = np.random.default_rng(seed)
    cols, rows = generator.uniform(-10, 95, count), generator.uniform(-10, 70, count)
    radii = generator.uniform(0.5, 6, count)
    discs = [shapely.Point(TRANSFORM @ (col, row)).buffer(r) for col, row, r in zip(cols, rows, radii, strict=True)]
    return discs, generator.choice(["water", "field", "road"], count).tolist()


def painted(polygons: list[shapely.Polygon], kinds: list[str]) -> np.ndarray:
    indexes = [["water", "field", "road"].index(kind) for kind in kinds]
    shapes = zip(polygons, indexes, strict=True)
    return rasterize(shapes, out_shape=(HEIGHT, WIDTH), transform=TRANSFORM, fill=IGNORE_INDEX, dtype="uint8")


@pytest.fixture(params=["labels.gpkg", "labels.geojson", "labels.shp", "labels.fgb"])
def labels(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    crs = "EPSG:4326" if request.param.endswith("geojson") else None
    return write_polygons(tmp_path / request.param, *blobs(), crs=crs)


def source_of(folder: Path, labels: str, **options: object) -> LabeledSource:
    return open_one(write_scene(folder), labels, class_column="kind", **options)


def test_windows_are_parts_of_the_whole_and_later_polygons_win(
    labels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polygon_truth, "_TILE_PX", 16)
    source = source_of(tmp_path, labels)
    expected = painted(*blobs())
    if labels.endswith("fgb"):
        # that format sorts features by place
        assert (source.read(*WHOLE).classes != expected).mean() < 0.2
        return
    found = source.read(*WHOLE).classes
    # back from degrees, a border may fall on the other side of a pixel's center
    assert (found != expected).sum() <= (2 if labels.endswith("geojson") else 0)
    for rect in (PixelRect(11, 13, 31, 17), PixelRect(-5, -7, 20, 20), PixelRect(50, 70, 40, 40)):
        inside = rect.intersection(GRID.rect)
        assert inside is not None
        part = source.read(rect, rect.size).classes[inside.relative_to(rect).slices]
        np.testing.assert_array_equal(part, found[inside.slices])


def test_layers_read_by_place_give_what_held_ones_give(
    labels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = source_of(tmp_path, labels).read(*WHOLE).classes
    monkeypatch.setattr(label_layer, "_HELD_FEATURES", 3)
    asked = source_of(tmp_path, labels)
    for rect in (GRID.rect, PixelRect(20, 30, 11, 13)):
        np.testing.assert_array_equal(asked.read(rect, rect.size).classes, held[rect.slices])


def test_coarser_pixels_take_the_class_at_their_center(tmp_path: Path) -> None:
    left = write_polygons(
        tmp_path / "l.gpkg", [pixel_polygon((0, 60), (0, 39.9)), pixel_polygon((0, 60), (39.9, 80))], [1, 7]
    )
    found = PolygonTruth(left, GRID, TABLE, class_column="kind").read(PixelRect(0, 0, 60, 80), Size(6, 8))
    assert (found[:, :4] == 0).all()
    assert (found[:, 4:] == 2).all()


def test_rotated_scenes_and_scenes_in_pixel_coordinates_are_labelled_too(tmp_path: Path) -> None:
    rotated = RasterGrid(GRID.crs, TRANSFORM @ Affine.translation(20, 5) @ Affine.rotation(25), 40, 40)
    path = write_polygons(tmp_path / "labels.gpkg", *blobs())
    discs, kinds = blobs()
    indexes = [["water", "field", "road"].index(kind) for kind in kinds]
    expected = rasterize(
        zip(discs, indexes, strict=True), out_shape=(40, 40), transform=rotated.transform, fill=255, dtype="uint8"
    )
    truth = PolygonTruth(path, rotated, TABLE, class_column="kind")
    found = truth.read(rotated.rect, rotated.size)
    assert (found != expected).sum() <= 2
    assert (expected != 255).any()

    plain = write_raster(tmp_path / "plain.tif", np.ones((3, 20, 30), np.uint8), georeferenced=False)
    import geopandas as gpd

    frame = gpd.GeoDataFrame({"kind": ["road"]}, geometry=[shapely.box(5, 5, 10, 10)], crs=None)
    frame.to_file(tmp_path / "pixels.gpkg")
    read = open_one(plain, str(tmp_path / "pixels.gpkg")).read(PixelRect(0, 0, 20, 30), Size(20, 30))
    assert (read.classes[5:10, 5:10] == 2).all()
    assert (read.classes != IGNORE_INDEX).sum() == 25


def test_ground_without_a_polygon_is_unlabelled_or_a_class(tmp_path: Path) -> None:
    path = write_polygons(tmp_path / "labels.gpkg", [pixel_polygon((0, 10), (0, 10))], ["road"])
    found = source_of(tmp_path, path).read(*WHOLE).classes
    assert (found != IGNORE_INDEX).sum() == 100
    whole = source_of(tmp_path, path, background=1)
    classes = whole.read(PixelRect(-5, -5, HEIGHT + 10, WIDTH + 10), Size(HEIGHT + 10, WIDTH + 10)).classes
    assert (classes == 2).sum() == 100
    assert (classes == 1).sum() == HEIGHT * WIDTH - 100
    assert (classes == IGNORE_INDEX).sum() == (HEIGHT + 10) * (WIDTH + 10) - HEIGHT * WIDTH


def test_polygons_without_a_class_erase_what_lies_below(tmp_path: Path) -> None:
    polygons = [pixel_polygon((0, 10), (0, 10)), pixel_polygon((0, 5), (0, 10))]
    for kinds in (["road", None], ["7", "0"]):
        path = write_polygons(tmp_path / f"labels{kinds[0]}.gpkg", polygons, kinds)
        found = source_of(tmp_path, path).read(*WHOLE).classes
        assert (found == 2).sum() == 50


def test_an_unknown_class_is_named_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_polygons(tmp_path / "labels.gpkg", *([blobs()[0][:2]]), ["water", "swamp"])
    with pytest.raises(
        TrainingError, match=r"'kind' of 'labels.gpkg' holds 'swamp', but the classes are water, field, ro"
    ):
        source_of(tmp_path, path)
    monkeypatch.setattr(label_layer, "_HELD_FEATURES", 1)
    with pytest.raises(TrainingError, match="holds 'swamp'"):
        source_of(tmp_path, path)


def test_layers_that_cannot_serve_are_refused_with_advice(tmp_path: Path) -> None:
    path = write_polygons(tmp_path / "labels.gpkg", [pixel_polygon((0, 9), (0, 9))], ["road"])
    scene = write_scene(tmp_path)
    with pytest.raises(TrainingError, match=r"Which column of 'labels.gpkg' holds the class.*it has 'kind', 'note'"):
        open_one(scene, path)
    with pytest.raises(TrainingError, match="no column 'class'; its columns are 'kind', 'note'"):
        open_one(scene, path, class_column="class")
    write_polygons(tmp_path / "labels.gpkg", [pixel_polygon((9, 19), (0, 9))], ["road"], layer="second")
    with pytest.raises(
        TrainingError, match=r"2 layers with geometry .* name one like '.*labels.gpkg\|layername=labels'"
    ):
        open_one(scene, path, class_column="kind")
    second = open_one(scene, f"{path}|layername=second", class_column="kind").read(*WHOLE).classes
    assert (second[9:19, :9] == 2).all()
    with pytest.raises(TrainingError, match="cannot be read as a vector file"):
        open_one(scene, f"{path}|layername=third", class_column="kind")
    points = write_polygons(tmp_path / "points.gpkg", [shapely.Point(400_001, 5_000_000)], ["road"])
    with pytest.raises(TrainingError, match="holds no polygons"):
        open_one(scene, points, class_column="kind")
    broken = tmp_path / "broken.geojson"
    broken.write_text("no json", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"'.*broken.geojson' cannot be read as a vector file"):
        open_one(scene, str(broken), class_column="kind")
    plain = write_raster(tmp_path / "plain.tif", np.ones((3, 9, 9), np.uint8), georeferenced=False)
    with pytest.raises(TrainingError, match="have a CRS but the image has none"):
        open_one(plain, points, class_column="kind")


def test_long_edges_in_another_crs_lie_where_they_were_straight(tmp_path: Path) -> None:
    grid = RasterGrid(CRS.from_epsg(32633), Affine(500, 0, 300_000, 0, -500, 6_000_000), 900, 900)
    field = shapely.box(13.0, 51.0, 17.0, 53.0)
    frame = gpd.GeoDataFrame({"kind": ["road"]}, geometry=[field], crs=4326)
    frame.to_file(tmp_path / "fields.geojson")
    truth = PolygonTruth(str(tmp_path / "fields.geojson"), grid, TABLE, class_column="kind")
    rows, cols = np.mgrid[:900, :900] + 0.5
    to_degrees = pyproj.Transformer.from_crs(32633, 4326, always_xy=True)
    lon, lat = to_degrees.transform(*grid.world(rows=rows, cols=cols))
    inside = truth.read(grid.rect, grid.size) != IGNORE_INDEX
    # But for centers within a tenth of a pixel, 50 m, of the border.
    edges = np.abs(np.stack([lon - 13.0, lon - 17.0, lat - 51.0, lat - 53.0])).min(axis=0)
    sure = edges > 8e-4
    np.testing.assert_array_equal(inside[sure], shapely.contains_xy(field, lon, lat)[sure])
    assert sure.mean() > 0.99
