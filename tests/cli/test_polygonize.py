"""`magnet-geo polygonize` and `sieve` from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.grid import PixelRect
from magnet_geo.raster import GeoTiffDraft, MapLayout, SceneSource, describe_scene
from tests.cli.runs import assert_refused, assert_wrong_usage, box_option, names, run, segment_json, segment_lines
from tests.raster.rasters import write_raster


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    squares = np.random.default_rng(2).integers(1, 4, (1, 12, 15)).astype(np.uint8)
    values = squares.repeat(5, axis=1).repeat(5, axis=2)
    values[0, 30, 30] = 7
    return Path(write_raster(tmp_path / "classes.tif", values, nodata=255))


def test_a_table_tells_what_was_written(classes, maps):
    result = run("polygonize", classes, maps / "a.gpkg")
    assert result.exit_code == 0, result.output
    features = pyogrio.read_info(maps / "a.gpkg", layer="a")["features"]
    assert f"{features:,} features" in result.stdout
    assert "class 7" in result.stdout
    assert names(maps) == ["a.gpkg", "a.qml"]


def test_json_is_one_object(classes, maps):
    result = run("polygonize", classes, maps / "a.fgb", "--json", "--min-area", "2px", "--simplify", "1px")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["merged_patches"] == 1
    assert [entry["value"] for entry in record["classes"]] == [1, 2, 3]
    assert record["features"] == pyogrio.read_info(maps / "a.fgb")["features"]


def test_an_area_of_interest_limits_the_layer(classes, maps):
    box = box_option(cols=(10, 30), rows=(5, 25))
    assert run("polygonize", classes, maps / "a.gpkg", box, "--dissolve").exit_code == 0
    _, _, _, columns = pyogrio.raw.read(maps / "a.gpkg", layer="a", read_geometry=False, columns=["area_m2"])
    assert columns[0].sum() == pytest.approx(20 * 20 * 0.25, rel=2e-3)


def test_an_existing_layer_is_kept_unless_told(classes, maps):
    assert run("polygonize", classes, maps / "a.gpkg").exit_code == 0
    before = (maps / "a.gpkg").stat().st_size
    assert_refused(run("polygonize", classes, maps / "a.gpkg", "--smooth"), match="exists already")
    assert (maps / "a.gpkg").stat().st_size == before
    assert run("polygonize", classes, maps / "a.gpkg", "--smooth", "--overwrite").exit_code == 0
    assert names(maps) == ["a.gpkg", "a.qml"]


@pytest.mark.parametrize(
    ("named", "values"),
    [('"cropland, irrigated"', [4]), ('"Cropland, irrigated", water', [1, 4]), ("forest,1", [1, 7])],
)
def test_a_class_whose_name_holds_a_comma_is_named_in_quotes(maps, tmp_path, named, values):
    colors = ("#0000ff", "#c0a000", "#00a000")
    kinds = zip((1, 4, 7), ("water", "cropland, irrigated", "forest"), colors, strict=True)
    scheme = ClassScheme(tuple(LandClass(*kind) for kind in kinds))
    scene = describe_scene(SceneSource(write_raster(tmp_path / "scene.tif", np.ones((1, 9, 9), np.uint8))))
    with GeoTiffDraft(tmp_path / "map.tif", MapLayout.of_classes(scene, scheme)) as draft:
        draft.write(PixelRect(0, 0, 9, 9), np.array([1, 4, 7], np.uint8).repeat(27).reshape(9, 9))
        draft.finish()
    result = run("polygonize", tmp_path / "map.tif", maps / "a.gpkg", "--classes", named, "--json")
    assert result.exit_code == 0, result.output
    assert [entry["value"] for entry in json.loads(result.stdout)["classes"]] == values


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--min-area", "50"], "50m2"),
        (["--simplify", "far"], "1.5m or 2px"),
        (["--simplify", "1m", "--smooth"], "not both"),
        (["--dissolve", "--max-vertices", "500"], "not both"),
        (["--classes", ","], "No class is named"),
        (["--classes", '"water, deep'], "is no list of classes"),
        (["--connectivity", "6"], "'6' is not one of"),
        (["--bbox-crs", "EPSG:4326"], "needs --bbox"),
    ],
)
def test_wrong_usage_is_told(classes, maps, options, match):
    assert_wrong_usage(run("polygonize", classes, maps / "a.gpkg", *options), match=match)
    assert names(maps) == []


def test_bad_input_is_one_sentence(classes, maps, tmp_path):
    assert_refused(run("polygonize", tmp_path / "none.tif", maps / "a.gpkg"), match="does not exist")
    assert_refused(run("polygonize", classes, maps / "a.txt"), match="names no format")
    decimals = write_raster(tmp_path / "f.tif", np.ones((1, 5, 5), np.float32))
    assert_refused(run("polygonize", decimals, maps / "a.gpkg"), match="decimal numbers")
    assert_refused(run("sieve", decimals, maps / "a.tif", "--min-area", "3px"), match="decimal numbers")
    assert names(maps) == []


def test_a_sieved_map_keeps_its_legend(classes, maps):
    result = run("sieve", classes, maps / "clean.tif", "--min-area", "2px", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["changed_pixels"] == 1
    with rasterio.open(classes) as before, rasterio.open(maps / "clean.tif") as after:
        assert (after.crs, after.transform, after.nodata) == (before.crs, before.transform, 255)
        changed = before.read(1) != after.read(1)
    assert np.argwhere(changed).tolist() == [[30, 30]]


def test_segment_writes_polygons_of_its_map(scene, tiny_model, maps):
    result = segment_json(
        scene,
        "-o",
        maps / "a.tif",
        "--model",
        tiny_model,
        "--confidence",
        maps / "c.tif",
        "--polygons",
        maps / "a.gpkg",
    )
    assert result.polygons == str(maps / "a.gpkg")
    info = pyogrio.read_info(maps / "a.gpkg", layer="a")
    assert info["features"] >= sum(1 for entry in result.classes if entry.pixels)
    assert "confidence" in info["fields"]
    _, _, _, (areas,) = pyogrio.raw.read(maps / "a.gpkg", layer="a", read_geometry=False, columns=["area_m2"])
    assert areas.sum() == pytest.approx(sum(entry.area_m2 for entry in result.classes), rel=1e-6)


def test_segment_refuses_polygons_before_it_runs(scene, tiny_model, maps):
    command = ["segment", scene, "-o", maps / "a.tif", "--model", tiny_model, "--polygons"]
    assert_refused(run(*command, maps / "a.kml"), match="names no format")
    assert names(maps) == []


def test_progress_does_not_fall_when_polygons_follow(scene, tiny_model, maps, capfd):
    code, lines = segment_lines(
        capfd, scene, "-o", maps / "a.tif", "--model", tiny_model, "--polygons", maps / "a.gpkg"
    )
    told = [line["fraction"] for line in lines if line["type"] == "progress"]
    assert (code, told) == (0, sorted(told))
    assert "polygons" in {line.get("stage") for line in lines}


def test_ctrl_c_leaves_nothing(tmp_path, maps):
    # Half a million features, written in a dozen steps: time enough for a signal between the first and the last.
    noise = np.random.default_rng(0).integers(1, 5, (1, 1000, 1000)).astype(np.uint8)
    raster = write_raster(tmp_path / "noise.tif", noise, nodata=255)
    command = [sys.executable, "-m", "magnet_geo", "polygonize", raster, str(maps / "a.gpkg"), "--progress", "none"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not names(maps):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert (process.returncode, stderr.strip()) == (130, "Cancelled.")
    assert names(maps) == []
