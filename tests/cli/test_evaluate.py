"""`magnet-geo evaluate`: a map against labels, as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.evaluation.map_evaluation import EvaluationResult
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run
from tests.datasets.scenes import pixel_polygon, write_polygons
from tests.evaluation.maps import patchy, write_map
from tests.raster.rasters import write_raster


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    write_map(folder / "map.tif", patchy(60, 80))
    truth = patchy(60, 80, seed=1)
    write_raster(folder / "labels.tif", np.where(truth == 255, 0, truth)[None])
    return folder


def test_the_table_for_people_names_what_was_compared(folder: Path) -> None:
    result = run("evaluate", folder / "map.tif", folder / "labels.tif", "--ignore-value", 0)
    assert result.exit_code == 0, result.output
    assert "bare land" in result.stdout
    assert "mIoU 0." in result.stdout
    assert "· boundary F1 (3 px) 0." in result.stdout
    assert "Classes matched by value." in result.stdout
    assert "magnet-geo accuracy sample" in result.stdout


def test_json_and_csv_hold_the_same_scores(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    result = run("evaluate", folder / "map.tif", folder / "labels.tif", "--map", "0=water", "--json", "--csv", table)
    scores = EvaluationResult.model_validate_json(result.stdout).scores
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["iou"]) for row in rows] == [entry.iou for entry in scores.classes]
    assert [int(row["mapped_as_forest"]) for row in rows] == [counts[2] for counts in scores.confusion]


def test_sparse_polygons_have_no_boundary_score_but_its_reason(folder: Path, tmp_path: Path) -> None:
    apart = [pixel_polygon((5, 20), (5, 20)), pixel_polygon((30, 50), (40, 70))]
    truth = write_polygons(tmp_path / "truth.gpkg", apart, ["water", "forest"])
    result = run("evaluate", folder / "map.tif", truth, "--class-column", "kind")
    assert result.exit_code == 0, result.output
    assert "boundary F1" not in result.stdout
    assert "Boundary F1 is not measured: " in result.stdout
    found = run("evaluate", folder / "map.tif", truth, "--class-column", "kind", "--json")
    scores = EvaluationResult.model_validate_json(found.stdout).scores
    assert scores.mean_boundary_f1 is None
    assert [entry.boundary_f1 for entry in scores.classes] == [None] * 3
    assert scores.boundary_note in result.stdout


def test_polygons_of_two_classes_on_one_ground_are_warned_of(folder: Path, tmp_path: Path) -> None:
    twice = [pixel_polygon((5, 20), (5, 20)), pixel_polygon((5, 20), (5, 20))]
    truth = write_polygons(tmp_path / "truth.gpkg", twice, ["water", "forest"])
    result = run("evaluate", folder / "map.tif", truth, "--class-column", "kind", "--json")
    assert "Warning: Polygons of different classes overlap in 'truth.gpkg': 1 pair, on about 225" in result.stderr
    assert EvaluationResult.model_validate_json(result.stdout)


def test_labels_without_a_class_are_refused(folder: Path) -> None:
    refused = run("evaluate", folder / "map.tif", folder / "labels.tif")
    assert_refused(refused, match="holds the label value 0 .* with --ignore-value LABEL")


def test_nothing_is_written_where_something_is_wrong(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    assert_refused(run("evaluate", folder / "map.tif", tmp_path / "no.tif", "--csv", table), match="do not exist")
    assert names(tmp_path) == []
    table.touch()
    refused = run("evaluate", folder / "map.tif", folder / "labels.tif", "--csv", table)
    assert_refused(refused, match="exists already")


def test_contradicting_areas_are_wrong_usage(folder: Path) -> None:
    both = run("evaluate", folder / "map.tif", folder / "labels.tif", "--bbox=0,0,1,1", "--aoi", folder / "map.tif")
    assert_wrong_usage(both, match="either --bbox or --aoi")
    lone = run("evaluate", folder / "map.tif", folder / "labels.tif", "--bbox-crs", "EPSG:4326")
    assert_wrong_usage(lone, match="--bbox-crs needs --bbox")
