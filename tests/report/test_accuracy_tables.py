"""What `evaluate` and `accuracy estimate` wrote, in a report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.accuracy_estimate import AccuracyEstimate, ClassAccuracy, EstimateRecord
from magnet_geo.evaluation.map_evaluation import EvaluationOptions, evaluate
from magnet_geo.raster import SceneSource
from magnet_geo.report import ReportSources
from magnet_geo.report.accuracy_tables import accuracy_tables, read_accuracy
from tests.report.maps import HEIGHT, SCHEME, WIDTH, MadeMap, quadrants, write_classes
from tests.report.test_page import report, words

NOTHING = np.zeros(256, np.int64)


@pytest.fixture
def evaluation(foreign: Path, made: MadeMap, tmp_path: Path) -> Path:
    """The foreign map against a truth in which ten more rows are water."""
    truth = quadrants(HEIGHT, WIDTH)
    truth[HEIGHT // 2 : HEIGHT // 2 + 10] = 1
    write_classes(tmp_path / "truth.tif", truth, made.scene)
    found = evaluate(str(foreign), str(tmp_path / "truth.tif"), EvaluationOptions())
    (tmp_path / "evaluation.json").write_text(found.model_dump_json())
    return tmp_path / "evaluation.json"


def estimate(pixels: dict[int, int]) -> AccuracyEstimate:
    """Gives an estimate in which every figure is 0.9 with a margin of 0.05."""
    sure = EstimateRecord(value=0.9, standard_error=0.025, margin=0.05)
    classes = tuple(
        ClassAccuracy(
            value=entry.value,
            name=entry.name,
            color=entry.color,
            points=50,
            mapped_pixels=pixels[entry.value],
            mapped_area_m2=4.0 * pixels[entry.value],
            share=sure,
            area_m2=EstimateRecord(value=45_000, standard_error=2000, margin=4000),
            area_pixels=EstimateRecord(value=11_250, standard_error=500, margin=1000),
            users_accuracy=sure,
            producers_accuracy=EstimateRecord(value=None, standard_error=None, margin=None),
        )
        for entry in SCHEME.classes
    )
    return AccuracyEstimate(
        map="foreign.tif",
        map_checked=True,
        confidence_level=0.95,
        points=150,
        dropped_points=0,
        overall_accuracy=sure,
        classes=classes,
        error_matrix=((45, 3, 2), (0, 49, 1), (5, 0, 45)),
        proportions=((0.5, 0.0, 0.0), (0.0, 0.25, 0.0), (0.0, 0.0, 0.25)),
    )


@pytest.fixture
def accuracy(tmp_path: Path) -> Path:
    half, quarter = HEIGHT * WIDTH // 2, HEIGHT * WIDTH // 4
    path = tmp_path / "accuracy.json"
    path.write_text(estimate({1: half, 2: quarter, 7: quarter}).model_dump_json())
    return path


def test_agreement_with_labels_is_shown(foreign: Path, evaluation: Path, tmp_path: Path) -> None:
    text = words(report(tmp_path, ReportSources(SceneSource(str(foreign)), evaluation=evaluation)))
    right = 1 - 10 / HEIGHT
    assert f"Agreement {right:.3f} of the labelled pixels" in text
    assert "The map was compared with truth.tif on 46,800 labelled pixels." in text
    assert f"water {90 / 100:.3f} 1.000 {90 / 100:.3f}" in text
    assert "Areas and shares are counted on the map, its errors included." in text


def test_estimated_accuracy_and_areas_are_shown(foreign: Path, accuracy: Path, tmp_path: Path) -> None:
    text = words(report(tmp_path, ReportSources(SceneSource(str(foreign)), accuracy=accuracy)))
    assert "Overall accuracy 90.0 ± 5.0 % from 150 points" in text
    assert "water 90.0 ± 5.0 % – 9.36 4.50 ± 0.40" in text
    assert "town 5 0 45" in text
    assert "Areas and shares are counted on the map, its errors included." not in text


def test_both_can_be_given(foreign: Path, evaluation: Path, accuracy: Path, tmp_path: Path) -> None:
    sources = ReportSources(SceneSource(str(foreign)), evaluation=evaluation, accuracy=accuracy)
    text = words(report(tmp_path, sources))
    assert "Agreement with labels" in text
    assert "Accuracy and areas, estimated" in text


def test_an_estimate_of_another_map_is_refused(accuracy: Path) -> None:
    pixels = NOTHING.copy()
    pixels[1] = 5
    with pytest.raises(EvaluationError, match=r"a map with 23,400 pixels of 'water', but this map has 5"):
        accuracy_tables(read_accuracy(None, accuracy), pixels)


def test_an_evaluation_of_another_map_is_refused(evaluation: Path) -> None:
    with pytest.raises(EvaluationError, match=r"more pixels of 'water' than the map has"):
        accuracy_tables(read_accuracy(evaluation, None), NOTHING)


@pytest.mark.parametrize("text", ["", "{", json.dumps({"scores": 1}), "[]"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=r"other\.json' is no result of accuracy estimate; name the JSON file"):
        read_accuracy(None, path)
    with pytest.raises(EvaluationError, match=r"other\.json' is no result of evaluate; name the JSON file"):
        read_accuracy(path, None)
