"""`magnet-geo data`: what a check prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.runs import assert_refused, names, run
from tests.datasets.scenes import label_values, write_polygons, write_scene
from tests.datasets.scenes import pixel_polygon as polygon
from tests.raster.rasters import write_raster

CLASSES = "classes: [{name: water, value: 1}, {name: field, value: 4}, {name: road, value: 7}]\nignore: [0]\n"


@pytest.fixture
def labeled(tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "classes.yaml").write_text(CLASSES, encoding="utf-8")
    truth = write_polygons(tmp_path / "labels.gpkg", [polygon((0, 20), (0, 20)), polygon((30, 50), (30, 50))], [1, 4])
    scene = write_scene(tmp_path)
    return "--scene", scene, "--truth", truth, "--class-column", "kind", "--classes", tmp_path / "classes.yaml"


def test_a_check_tells_shares_and_warns(labeled: tuple[object, ...]) -> None:
    result = run("data", "check", *labeled)
    assert result.exit_code == 0, result.output
    for text in ("scene.tif", "83 x 61", "3 uint8", "0.5 m", "15.8%", "water", "50.0%"):
        assert text in result.stdout
    assert result.stderr == "Warning: The class 'road' occurs nowhere in the labels; a model cannot learn it.\n"


def test_a_check_warns_of_polygons_of_two_classes_on_one_ground(labeled: tuple[object, ...], tmp_path: Path) -> None:
    twice = [polygon((0, 20), (0, 20)), polygon((10, 30), (5, 20)), polygon((40, 50), (40, 50))]
    truth = write_polygons(tmp_path / "twice.gpkg", twice, [1, 4, 7])
    result = run("data", "check", *labeled[:3], truth, *labeled[4:])
    assert result.exit_code == 0, result.output
    assert (
        "Warning: Polygons of different classes overlap in 'twice.gpkg': 1 pair, on about 150 pixels" in result.stderr
    )


def test_a_check_draws_samples_where_asked(labeled: tuple[object, ...], tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    result = run("data", "check", *labeled, "--contact-sheet", sheet, "--samples", 2)
    assert result.exit_code == 0, result.output
    assert f"Samples: {sheet}" in result.stdout
    assert sheet.read_bytes()[:4] == b"\x89PNG"
    assert_refused(run("data", "check", *labeled, "--contact-sheet", sheet), match="exists already")


def test_faults_end_in_exit_code_1_and_no_picture(labeled: tuple[object, ...], tmp_path: Path) -> None:
    values = label_values()
    values[10, 10] = 77
    wrong = write_raster(tmp_path / "wrong.tif", values[None])
    gray = write_raster(tmp_path / "gray.tif", np.ones((1, 5, 5), np.uint8))
    result = run(
        "data", "check", *labeled, "--scene", labeled[1], "--truth", wrong, "--scene", gray, "--truth", wrong,
        "--contact-sheet", tmp_path / "sheet.png",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "Fault: 'wrong.tif' holds the label value 77" in result.stderr
    assert "Fault: The model needs 3 bands" in result.stderr
    assert "sheet.png" not in names(tmp_path)
    assert_refused(
        run("data", "check", *labeled[:-1], "nowhere.yaml"), match="class table 'nowhere.yaml' does not exist"
    )
