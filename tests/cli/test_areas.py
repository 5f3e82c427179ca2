from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio

from magnet_geo.evaluation.map_areas import AreasResult
from tests.cli.conftest import HEIGHT, WIDTH, fields
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run, segment_json
from tests.raster.rasters import TRANSFORM, write_raster


@pytest.fixture
def class_raster(tmp_path: Path) -> Path:
    """Another program's map: no names, 0 is nodata, values in bands of rows."""
    values = np.repeat(np.array([0, 3, 9], np.uint8), 1000)[None, :, None].repeat(1300, axis=2)
    return Path(write_raster(tmp_path / "classes.tif", values, nodata=0, tiled=True))


def area_of(raster: Path, *options: object) -> AreasResult:
    result = run("areas", raster, "--json", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return AreasResult.model_validate_json(result.stdout)


def test_pixels_and_areas_of_a_foreign_map(class_raster: Path) -> None:
    found = area_of(class_raster)
    assert [(c.value, c.name, c.pixels) for c in found.classes] == [
        (3, "class 3", 1_300_000),
        (9, "class 9", 1_300_000),
    ]
    assert found.valid_pixels == 2_600_000
    geod = pyproj.Geod(ellps="WGS84")
    to_degrees = pyproj.Transformer.from_crs(32633, 4326, always_xy=True)
    for entry, first in zip(found.classes, (1000, 2000), strict=True):
        corners = [TRANSFORM @ at for at in ((0, first), (1300, first), (1300, first + 1000), (0, first + 1000))]
        expected, _ = geod.polygon_area_perimeter(*to_degrees.transform(*zip(*corners, strict=True)))
        assert entry.area_m2 == pytest.approx(abs(expected), rel=1e-6)
        assert (entry.share, entry.area_share) == (0.5, pytest.approx(0.5, rel=1e-5))
    assert found.areas is not None
    assert (found.areas.ellipsoid, 0 < found.areas.relative_error < 1e-5) == ("WGS 84", True)


def test_our_own_map_has_the_areas_that_its_run_told(scene: Path, tiny_model: Path, maps: Path) -> None:
    told = segment_json(scene, "-o", maps / "map.tif", "--model", tiny_model)
    found = area_of(maps / "map.tif")
    assert [c.model_dump(exclude={"area_m2", "area_share"}) for c in found.classes] == [
        c.model_dump(exclude={"area_m2", "area_share"}) for c in told.classes
    ]
    for one, other in zip(found.classes, told.classes, strict=True):
        assert one.area_m2 == pytest.approx(other.area_m2, rel=1e-9)
    assert told.areas == found.areas
    assert told.scene == str(scene)


def test_web_mercator_is_corrected(tmp_path: Path) -> None:
    path = tmp_path / "mercator.tif"
    profile = {"driver": "GTiff", "width": 50, "height": 40, "count": 1, "dtype": "uint8", "crs": "EPSG:3857"}
    transform = rasterio.Affine(10, 0, 1_500_000, 0, -10, 8_400_000)
    with rasterio.open(path, "w", transform=transform, **profile) as dataset:
        dataset.write(np.ones((1, 40, 50), np.uint8))
    found = area_of(path)
    (entry,) = found.classes
    assert found.areas is not None
    assert found.areas.areal_scale is not None
    low, high = found.areas.areal_scale
    assert 3.5 < low <= high < 4
    assert entry.area_m2 == pytest.approx(2000 * 100 / ((low + high) / 2), rel=1e-6)
    text = run("areas", path).stdout
    assert "the CRS itself would count 3." in text


def test_the_terminal_has_the_table(class_raster: Path) -> None:
    text = run("areas", class_raster).stdout
    assert "area, ha" in text
    assert [line.split()[2:6] for line in text.splitlines() if "class 3" in line] == [
        ["class", "3", "1,300,000", "50.0%"]
    ]
    assert "areas on the ellipsoid (WGS 84), to 0.0001 % or better" in text


def test_the_csv_says_the_same(class_raster: Path, maps: Path) -> None:
    table = maps / "areas.csv"
    found = area_of(class_raster, "--csv", table)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["value"]), row["class"], row["color"], int(row["pixels"])) for row in rows] == [
        (c.value, c.name, c.color, c.pixels) for c in found.classes
    ]
    for row, entry in zip(rows, found.classes, strict=True):
        assert float(row["area_m2"]) == pytest.approx(entry.area_m2)
        assert float(row["area_ha"]) * 1e4 == pytest.approx(entry.area_m2)
        assert row["map"] == str(class_raster)
    assert names(maps) == ["areas.csv"]


def test_a_map_without_crs_has_pixels_only(tmp_path: Path, maps: Path) -> None:
    path = write_raster(tmp_path / "plain.tif", np.full((1, 9, 11), 4, np.uint8), georeferenced=False)
    result = run("areas", path, "--csv", maps / "areas.csv", "--json")
    (entry,) = json.loads(result.stdout)["classes"]
    assert (entry["pixels"], entry["area_m2"], entry["area_share"]) == (99, None, None)
    assert (maps / "areas.csv").read_text().splitlines()[1].endswith(",99,1.000000,,,")
    assert "no georeference" in run("areas", path).stderr


def test_a_crs_that_the_file_lacks_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "nameless.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=10, height=10, count=1, dtype="uint8", transform=TRANSFORM
    ) as dataset:
        dataset.write(np.ones((1, 10, 10), np.uint8))
    found = area_of(path, "--crs", "EPSG:32633", "--nodata", 7)
    assert found.classes[0].area_m2 == pytest.approx(25, rel=1e-3)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (np.ones((1, 5, 5), np.float32), r"decimal numbers \(float32\)"),
        (np.full((1, 5, 5), 300, np.uint16), "holds the value 300"),
        (fields(HEIGHT, WIDTH), "has 3 bands"),
        (np.full((1, 5, 5), 255, np.uint8), "No pixel of 'bad.tif' is valid; there is nothing to measure"),
    ],
    ids=["floats", "large values", "an image", "nothing"],
)
def test_what_is_no_class_map_is_refused(tmp_path: Path, maps: Path, values: np.ndarray, match: str) -> None:
    path = write_raster(tmp_path / "bad.tif", values, nodata=255)
    assert_refused(run("areas", path, "--csv", maps / "areas.csv"), match=match)
    assert names(maps) == []


def test_a_table_that_cannot_be_written_is_refused_before_the_work(class_raster: Path, maps: Path) -> None:
    assert_refused(run("areas", class_raster, "--csv", maps / "areas.xlsx"), match=r"must end in \.csv, not '\.xlsx'")
    assert_refused(run("areas", class_raster, "--csv", maps / "no" / "areas.csv"), match="does not exist; create it")
    (maps / "areas.csv").write_text("mine")
    assert_refused(run("areas", class_raster, "--csv", maps / "areas.csv"), match="exists already")
    assert (maps / "areas.csv").read_text() == "mine"
    assert run("areas", class_raster, "--csv", maps / "areas.csv", "--overwrite").exit_code == 0
    assert (maps / "areas.csv").read_text().startswith("map,value,class")


def test_wrong_usage(class_raster: Path) -> None:
    assert_wrong_usage(run("areas"), match="Missing argument 'CLASSES'")
    assert_wrong_usage(run("areas", class_raster, "--crs", "moon"), match="no coordinate reference system")


def test_a_missing_map_is_refused(tmp_path: Path) -> None:
    assert_refused(run("areas", tmp_path / "none.tif"), match="does not exist")
