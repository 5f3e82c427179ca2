"""Layers as files: what they hold, in every format, and that nothing is left of a failed run."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from magnet_geo.errors import CancelledError, MagnetGeoError, OptionError, OutputError, SceneError
from magnet_geo.progress import CancelToken, ProgressEvent, WarningEvent
from magnet_geo.raster import SceneSource
from magnet_geo.vector import class_bands
from magnet_geo.vector.merging.minimum_mapping_unit import sieve
from magnet_geo.vector.polygon_options import BorderTolerance, PatchSize, PolygonOptions
from magnet_geo.vector.polygonizer import polygonize
from tests.raster.rasters import TRANSFORM, write_raster

FORMATS = ["gpkg", "fgb", "parquet", "geojson", "shp"]
HEIGHT, WIDTH = 61, 83


def blocks(seed: int = 0) -> NDArray[np.uint8]:
    """Values 1, 2, 3 in blocks, 255 in a corner."""
    squares = np.random.default_rng(seed).integers(1, 4, (16, 21)).astype(np.uint8)
    values = squares.repeat(4, axis=0).repeat(4, axis=1)[:HEIGHT, :WIDTH]
    values[:7, :9] = 255
    return values


@pytest.fixture
def class_raster(tmp_path: Path) -> Path:
    path = tmp_path / "classes.tif"
    write_raster(path, blocks()[None], nodata=255)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def thin_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_bands, "_BAND_PIXELS", 5 * WIDTH)


def layer(path: Path) -> gpd.GeoDataFrame:
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path, layer=path.stem)


@pytest.mark.usefixtures("thin_bands")
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_back_the_raster(class_raster, out, suffix):
    pytest.importorskip("pyarrow") if suffix == "parquet" else None
    result = polygonize(SceneSource(str(class_raster)), out / f"polygons.{suffix}")
    table = layer(Path(result.polygons))
    assert len(table) == result.features
    assert shapely.coverage_is_valid(table.geometry.to_numpy())
    value = "class_val" if suffix == "shp" else "class_value"
    if suffix == "geojson":
        assert table.crs.to_epsg() == 4326
        table = table.to_crs(32633)
    assert table.crs.to_epsg() == 32633
    pairs = zip(table.geometry, table[value], strict=True)
    found = rasterize(pairs, out_shape=(HEIGHT, WIDTH), transform=TRANSFORM, fill=255, dtype="uint8")
    assert np.array_equal(found, blocks())
    assert sorted(p.name for p in out.iterdir() if p.name.startswith(".")) == []


def test_attributes_are_those_of_each_polygon(class_raster, out, tmp_path):
    certainty = np.arange(HEIGHT * WIDTH, dtype=np.uint32).reshape(HEIGHT, WIDTH) % 255
    write_raster(tmp_path / "certainty.tif", certainty.astype(np.uint8)[None], nodata=255)
    polygonize(SceneSource(str(class_raster)), out / "a.gpkg", confidence=tmp_path / "certainty.tif")
    table = layer(out / "a.gpkg")
    geod = pyproj.Geod(ellps="WGS84")
    degrees = table.to_crs(4326)
    for row, geometry, on_earth in zip(table.itertuples(), table.geometry, degrees.geometry, strict=True):
        inside = rasterize([geometry], out_shape=(HEIGHT, WIDTH), transform=TRANSFORM, dtype="uint8") == 1
        assert row.confidence == pytest.approx(certainty[inside].mean() / 254, abs=1e-12)
        area, perimeter = geod.geometry_area_perimeter(on_earth)
        assert row.area_m2 == pytest.approx(abs(area), rel=1e-5)
        assert row.perimeter_m == pytest.approx(perimeter, rel=1e-5)
        assert row.class_name == f"class {row.class_value}"
        assert row.color.startswith("#")


def test_a_geopackage_carries_its_style(class_raster, out):
    polygonize(SceneSource(str(class_raster)), out / "a.gpkg")
    with closing(sqlite3.connect(out / "a.gpkg")) as database:
        ((name, column, style, default),) = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        )
    assert (name, column, default) == ("a", "geom", 1)
    assert style == (out / "a.qml").read_text()
    categories = ElementTree.fromstring(style.split("\n", 1)[1]).findall(".//category")
    assert [category.get("value") for category in categories] == ["1", "2", "3"]


def test_the_style_of_a_raster_is_left_alone(class_raster, out):
    (out / "a.qml").write_text("<qgis><pipe><rasterrenderer/></pipe></qgis>")
    result = polygonize(SceneSource(str(class_raster)), out / "a.fgb")
    assert result.style is None
    assert "style of another layer" in result.warnings[0]
    assert "rasterrenderer" in (out / "a.qml").read_text()


def test_a_style_by_another_column_is_left_alone(class_raster, out):
    source = SceneSource(str(class_raster))
    assert polygonize(source, out / "a.fgb").style == str(out / "a.qml")
    assert polygonize(source, out / "a.geojson").style == str(out / "a.qml")
    result = polygonize(source, out / "a.shp")
    assert result.style is None
    assert "style of another layer" in result.warnings[0]
    assert 'attr="class_value"' in (out / "a.qml").read_text()


def test_a_style_that_cannot_be_written_is_told(class_raster, out):
    (out / "a.qml").mkdir()
    with pytest.raises(OutputError, match=r"are complete, but their style '.*a\.qml' could not be written"):
        polygonize(SceneSource(str(class_raster)), out / "a.fgb")
    assert sorted(path.name for path in out.iterdir()) == ["a.fgb", "a.qml"]


def test_geoparquet_says_its_crs_and_box(class_raster, out):
    parquet = pytest.importorskip("pyarrow.parquet")
    polygonize(SceneSource(str(class_raster)), out / "a.parquet")
    geo = json.loads(parquet.read_metadata(out / "a.parquet").metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert pyproj.CRS.from_json_dict(column["crs"]).to_epsg() == 32633
    assert column["bbox"] == list(layer(out / "a.parquet").total_bounds)


@pytest.mark.parametrize(
    "options",
    [
        PolygonOptions(simplify=BorderTolerance(0.7, in_pixels=False)),
        PolygonOptions(smooth=True, connectivity=8),
        PolygonOptions(min_area=PatchSize(20, in_pixels=False), simplify=BorderTolerance(2, in_pixels=True)),
        PolygonOptions(max_vertices=100),
        PolygonOptions(max_vertices=100, smooth=True),
        PolygonOptions(dissolve=True),
    ],
    ids=["simplify", "smooth", "min-area", "max-vertices", "max-vertices and smooth", "dissolve"],
)
def test_whatever_is_asked_for_the_layer_is_a_coverage(class_raster, out, monkeypatch, options):
    monkeypatch.setattr("magnet_geo.vector.polygonizer.TILE_PX", 16)
    result = polygonize(SceneSource(str(class_raster)), out / "a.gpkg", options=options)
    table = layer(out / "a.gpkg")
    assert table.is_valid.all()
    assert shapely.coverage_is_valid(table.geometry.to_numpy())
    assert table.area_m2.sum() == pytest.approx(sum(c.area_m2 for c in result.classes), rel=1e-9)
    if options.simplify is None and not options.smooth:
        assert table.area.sum() == pytest.approx((HEIGHT * WIDTH - 63) * 0.25, rel=1e-9)


def test_large_polygons_are_cut(tmp_path, out, monkeypatch):
    monkeypatch.setattr("magnet_geo.vector.polygonizer.TILE_PX", 16)
    speckled = np.random.default_rng(1).choice(np.array([1, 2], np.uint8), (1, 70, 90), p=[0.8, 0.2])
    source = SceneSource(write_raster(tmp_path / "speckled.tif", speckled, nodata=255))
    whole = polygonize(source, out / "a.gpkg")
    cut = polygonize(source, out / "b.gpkg", options=PolygonOptions(max_vertices=300))
    one, other = layer(out / "a.gpkg"), layer(out / "b.gpkg")
    assert cut.features > whole.features
    assert shapely.get_num_coordinates(one.geometry.to_numpy()).max() > 1000
    assert shapely.get_num_coordinates(other.geometry.to_numpy()).max() < 600
    assert shapely.coverage_is_valid(other.geometry.to_numpy())
    assert other.area_m2.sum() == pytest.approx(one.area_m2.sum(), rel=1e-9)


def test_dissolved_classes_are_one_feature_each(class_raster, out):
    result = polygonize(SceneSource(str(class_raster)), out / "a.gpkg", options=PolygonOptions(dissolve=True))
    assert [(c.value, c.features) for c in result.classes] == [(1, 1), (2, 1), (3, 1)]


def test_chosen_classes_are_written_with_the_same_borders(class_raster, out):
    polygonize(SceneSource(str(class_raster)), out / "all.gpkg")
    polygonize(SceneSource(str(class_raster)), out / "some.gpkg", options=PolygonOptions(classes=("2", "Class 3")))
    every = layer(out / "all.gpkg")
    wanted = sorted(shapely.normalize(g).wkt for g in every[every.class_value.isin([2, 3])].geometry)
    assert sorted(shapely.normalize(g).wkt for g in layer(out / "some.gpkg").geometry) == wanted


def test_the_raster_is_sieved_by_the_same_rule(class_raster, out):
    least = PatchSize(10, in_pixels=False)
    result = sieve(SceneSource(str(class_raster)), out / "sieved.tif", min_area=least)
    assert result.merged_patches > 0
    polygonize(SceneSource(result.raster), out / "a.gpkg")
    polygonize(SceneSource(str(class_raster)), out / "b.gpkg", options=PolygonOptions(min_area=least))
    one, other = layer(out / "a.gpkg"), layer(out / "b.gpkg")
    assert sorted(shapely.normalize(g).wkt for g in one.geometry) == sorted(
        shapely.normalize(g).wkt for g in other.geometry
    )
    assert other.area_m2.min() >= 10


def test_pixels_without_crs_are_the_unit(tmp_path, out):
    write_raster(tmp_path / "plain.tif", blocks()[None], nodata=255, georeferenced=False)
    told: list[object] = []
    polygonize(SceneSource(str(tmp_path / "plain.tif")), out / "a.gpkg", progress=told.append)
    table = layer(out / "a.gpkg")
    assert table.crs is None
    assert table.area_px.sum() == pytest.approx(HEIGHT * WIDTH - 63)
    assert any(isinstance(event, WarningEvent) and "no georeference" in event.message for event in told)


def test_rotated_rasters_stay_in_place(tmp_path, out):
    transform = Affine.translation(5e5, 5e6) @ Affine.rotation(25) @ Affine.scale(2, -3)
    write_raster(
        tmp_path / "rotated.tif", blocks()[None], nodata=255, georeferenced=False, crs="EPSG:32633", transform=transform
    )
    polygonize(SceneSource(str(tmp_path / "rotated.tif")), out / "a.gpkg")
    table = layer(out / "a.gpkg")
    pairs = zip(table.geometry, table.class_value, strict=True)
    assert np.array_equal(
        rasterize(pairs, out_shape=(HEIGHT, WIDTH), transform=transform, fill=255, dtype="uint8"), blocks()
    )


def test_progress_never_falls_and_ends_at_one(class_raster, out):
    told: list[float] = []

    def listen(event: object) -> None:
        if isinstance(event, ProgressEvent):
            told.append(event.fraction)

    options = PolygonOptions(min_area=PatchSize(5, in_pixels=True))
    polygonize(SceneSource(str(class_raster)), out / "a.gpkg", options=options, progress=listen)
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.usefixtures("thin_bands")
@pytest.mark.parametrize("suffix", ["gpkg", "fgb", "shp"])
def test_a_cancelled_run_leaves_nothing(class_raster, out, suffix):
    token = CancelToken()

    def cancel_late(event: object) -> None:
        if isinstance(event, ProgressEvent) and event.fraction > 0.6:
            token.cancel()

    with pytest.raises(CancelledError):
        polygonize(SceneSource(str(class_raster)), out / f"a.{suffix}", progress=cancel_late, cancel=token)
    assert list(out.iterdir()) == []


def refused(raster: Path, target: Path, error: type[MagnetGeoError], match: str, **options: object) -> None:
    before = sorted(target.parent.iterdir()) if target.parent.is_dir() else []
    with pytest.raises(error, match=match):
        polygonize(SceneSource(str(raster)), target, options=PolygonOptions(**options))
    assert (sorted(target.parent.iterdir()) if target.parent.is_dir() else []) == before


def test_what_is_no_class_raster_is_refused(tmp_path, out):
    values = blocks()[None]
    target = out / "a.gpkg"
    refused(Path(write_raster(tmp_path / "f.tif", values.astype(np.float32))), target, SceneError, "decimal numbers")
    refused(Path(write_raster(tmp_path / "b.tif", np.tile(values, (3, 1, 1)))), target, SceneError, "has 3 bands")
    refused(
        Path(write_raster(tmp_path / "w.tif", values.astype(np.int16) * 9)), target, SceneError, "between 0 and 255"
    )
    refused(Path(write_raster(tmp_path / "n.tif", values)), target, SceneError, "at most 255.*`nodata`")
    nothing = write_raster(tmp_path / "e.tif", np.full_like(values, 255), nodata=255)
    refused(Path(nothing), target, SceneError, "nothing to polygonize")
    refused(tmp_path / "absent.tif", target, SceneError, "does not exist")


def test_impossible_outputs_are_refused(class_raster, out):
    refused(class_raster, out / "a.kml", OutputError, r"names no format; choose one of \.gpkg")
    refused(class_raster, out / "absent" / "a.gpkg", OutputError, "does not exist; create it")
    (out / "there.gpkg").write_text("mine")
    refused(class_raster, out / "there.gpkg", OutputError, "exists already")
    assert (out / "there.gpkg").read_text() == "mine"
    refused(class_raster, out / "a.gpkg", OptionError, "'swamp' is no class", classes=("swamp",))
    refused(class_raster, out / "a.gpkg", SceneError, "has the class 7", classes=("7",))


def test_ground_units_without_crs_are_refused(tmp_path, out):
    plain = Path(write_raster(tmp_path / "plain.tif", blocks()[None], nodata=255, georeferenced=False))
    refused(plain, out / "a.gpkg", OptionError, "no square metres", min_area=PatchSize(5, in_pixels=False))
    refused(plain, out / "a.gpkg", OptionError, "has no metres", simplify=BorderTolerance(1, in_pixels=False))
    refused(plain, out / "a.geojson", OutputError, "GeoJSON, which is in degrees")


def test_a_certainty_of_another_grid_is_refused(class_raster, out, tmp_path):
    other = Path(write_raster(tmp_path / "c.tif", np.zeros((1, 9, 9), np.uint8)))
    with pytest.raises(SceneError, match="does not lie on the grid"):
        polygonize(SceneSource(str(class_raster)), out / "a.gpkg", confidence=other)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "size"), [("50m2", (50, False)), ("0.5 ha", (5000, False)), ("20px", (20, True)), ("1km2", (1e6, False))]
)
def test_areas_are_read_as_people_write_them(text, size):
    assert PatchSize.parse(text) == PatchSize(*size)


@pytest.mark.parametrize("text", ["50", "m2", "-3m2", "0px", "5 acres", "5m"])
def test_what_is_no_area_is_refused(text):
    with pytest.raises(OptionError, match="write it like 50m2"):
        PatchSize.parse(text)


def test_lengths_are_read_as_people_write_them():
    assert BorderTolerance.parse("150cm") == BorderTolerance(1.5, in_pixels=False)
    assert BorderTolerance.parse("2px") == BorderTolerance(2, in_pixels=True)
    with pytest.raises(OptionError, match=r"write it like 1\.5m"):
        BorderTolerance.parse("3")
