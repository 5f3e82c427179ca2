"""`magnet-geo accuracy`: from a map to points, and from their answers to accuracies and areas."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from magnet_geo.evaluation.accuracy_estimate import AccuracyEstimate
from magnet_geo.evaluation.sample_design import SampleDesign
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run
from tests.evaluation.maps import patchy, write_map

SMALL = ("--size", 60, "--min-per-class", 10)


@pytest.fixture(scope="module")
def class_map(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_map(tmp_path_factory.mktemp("maps") / "map.tif", patchy(60, 80)).path


@pytest.fixture
def points(class_map: str, tmp_path: Path) -> Path:
    """A sample in which all but three points agree with the map."""
    path = tmp_path / "points.gpkg"
    assert run("accuracy", "sample", class_map, path, *SMALL).exit_code == 0
    answer(path, lambda table: table["map_class"].where(table["id"] > 3, 4))
    return path


def answer(path: Path, answers: object) -> None:
    """Fill in the answers as QGIS does: into the table of the file itself."""
    import sqlite3

    table = gpd.read_file(path, layer="sample")
    with sqlite3.connect(path) as database:
        # What keeps the spatial index of moved points needs functions of GDAL's own.
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        rows = [
            (None if value is None or np.isnan(value) else int(value), int(number))
            for value, number in zip(answers(table), table["id"], strict=True)
        ]
        database.executemany("UPDATE sample SET reference = ? WHERE id = ?", rows)


def test_a_sample_is_drawn_answered_and_estimated(class_map: str, points: Path, tmp_path: Path) -> None:
    result = run("accuracy", "estimate", points, class_map, "--json", "--csv", tmp_path / "table.csv")
    assert result.exit_code == 0, result.output
    found = AccuracyEstimate.model_validate_json(result.stdout)
    assert found.map_checked
    assert sum(map(sum, found.error_matrix)) == found.points == 60
    assert 0.9 < found.overall_accuracy.value < 1
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == ["water", "bare land", "forest"]
    assert float(rows[0]["users_accuracy"]) == found.classes[0].users_accuracy.value
    assert [int(rows[0][f"truth_{name}"]) for name in ("water", "bare land", "forest")] == list(found.error_matrix[0])


def test_tables_for_people_say_what_to_do_and_what_was_found(class_map: str, points: Path, tmp_path: Path) -> None:
    drawn = run("accuracy", "sample", class_map, tmp_path / "other.gpkg", *SMALL, "--allocation", "optimal")
    assert "60 points of map.tif: neyman allocation, at least 10 per class, seed 1" in drawn.stdout
    assert f"magnet-geo accuracy estimate {tmp_path / 'other.gpkg'}" in drawn.stdout
    text = run("accuracy", "estimate", points, "--confidence-level", 0.9).stdout
    assert "60 points, 90 % intervals" in text
    assert "The map itself was not checked" in text
    assert "bare land" in text


def test_the_design_can_be_given_where_the_points_lost_it(class_map: str, points: Path, tmp_path: Path) -> None:
    design = run("accuracy", "sample", class_map, tmp_path / "again.gpkg", *SMALL, "--json").stdout
    assert len(SampleDesign.model_validate_json(design).points) == 60
    (tmp_path / "design.json").write_text(design)
    gpd.read_file(points, layer="sample").drop(columns="geometry").to_csv(tmp_path / "answers.csv", index=False)
    assert_refused(run("accuracy", "estimate", tmp_path / "answers.csv"), match="does not say how it was drawn")
    with_design = run("accuracy", "estimate", tmp_path / "answers.csv", "--design", tmp_path / "design.json", "--json")
    assert json.loads(with_design.stdout) == json.loads(run("accuracy", "estimate", points, "--json").stdout)


def test_open_points_are_refused_or_dropped(points: Path) -> None:
    answer(points, lambda table: table["reference"].where(table["id"] != 9))
    assert_refused(run("accuracy", "estimate", points), match="1 of the 60 points have no answer yet")
    dropped = run("accuracy", "estimate", points, "--drop-unanswered")
    assert "left out as if missing at random: 1." in dropped.stdout


def test_nothing_is_written_where_something_is_wrong(class_map: str, tmp_path: Path) -> None:
    assert_refused(run("accuracy", "sample", class_map, tmp_path / "points.shp"), match=r"must end in \.gpkg")
    assert_refused(run("accuracy", "sample", class_map, tmp_path / "p.gpkg", "--size", 20), match="raise --size")
    assert_refused(run("accuracy", "sample", tmp_path / "no.tif", tmp_path / "p.gpkg"), match="does not exist")
    both = ("--size", 300, "--target-standard-error", 0.01)
    assert_refused(run("accuracy", "sample", class_map, tmp_path / "p.gpkg", *both), match="Give either --size or")
    assert names(tmp_path) == []


def test_existing_outputs_are_kept_unless_told_otherwise(class_map: str, points: Path, tmp_path: Path) -> None:
    before = points.read_bytes()
    assert_refused(run("accuracy", "sample", class_map, points, *SMALL), match="exists already")
    assert points.read_bytes() == before
    (tmp_path / "table.csv").touch()
    assert_refused(run("accuracy", "estimate", points, "--csv", tmp_path / "table.csv"), match="exists already")
    assert run("accuracy", "sample", class_map, points, *SMALL, "--overwrite").exit_code == 0


@pytest.mark.parametrize("share", ["80", "water=", "=0.5", "much"])
def test_a_share_that_is_none_is_wrong_usage(class_map: str, tmp_path: Path, share: str) -> None:
    result = run("accuracy", "sample", class_map, tmp_path / "p.gpkg", "--expected-user-accuracy", share)
    assert_wrong_usage(result, match="is neither a share between 0 and 1 nor one of a class")
