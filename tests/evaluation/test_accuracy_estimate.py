"""Estimates rest on the very points that were drawn, all of them answered, from the very map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from magnet_geo.errors import EvaluationError, OptionError
from magnet_geo.evaluation.accuracy_estimate import check_map, estimate_accuracy
from magnet_geo.evaluation.allocation import Allocation
from magnet_geo.evaluation.sample_answers import SampleAnswers, find_design, read_answers
from magnet_geo.evaluation.sample_design import SampleDesign, parse_design
from magnet_geo.evaluation.sample_layer import sample_layer, write_sample
from magnet_geo.evaluation.sampling import SampleOptions, draw_sample
from magnet_geo.raster import SceneSource
from magnet_geo.vector import PointLayer, read_point_layer
from tests.evaluation.maps import patchy, write_map
from tests.raster.rasters import write_raster

VALUES = patchy(40, 55)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SceneSource:
    return write_map(tmp_path_factory.mktemp("maps") / "map.tif", VALUES)


@pytest.fixture(scope="module")
def design(source: SceneSource) -> SampleDesign:
    return draw_sample(source, SampleOptions(size=60, allocation=Allocation("equal", 5)))


def answered(design: SampleDesign, answers: list[object] | None = None) -> PointLayer:
    """The layer with what is mapped as the truth, or with other answers."""
    layer = sample_layer(design)
    return with_column(layer, "reference", answers or [point.value for point in design.points])


def with_column(layer: PointLayer, name: str, values: list[object]) -> PointLayer:
    return replace(layer, columns={**layer.columns, name: pd.Series(values)})


def rows(layer: PointLayer, chosen: list[int]) -> PointLayer:
    columns = {name: column.iloc[chosen] for name, column in layer.columns.items()}
    return replace(layer, x=layer.x[chosen], y=layer.y[chosen], columns=columns)


def read(layer: PointLayer, design: SampleDesign) -> SampleAnswers:
    return read_answers(layer, design, source="points.gpkg")


def test_a_written_layer_gives_its_design_and_answers_back(design: SampleDesign, tmp_path: Path) -> None:
    write_sample(tmp_path / "points.gpkg", design)
    layer = read_point_layer(tmp_path / "points.gpkg")
    assert find_design(layer, source="points.gpkg") == design
    assert (read(layer, design).reference == -1).all()


def test_a_map_that_is_right_everywhere_is_estimated_so(design: SampleDesign) -> None:
    found = estimate_accuracy(read(answered(design), design))
    assert (found.overall_accuracy.value, found.overall_accuracy.margin) == (1, 0)
    for entry in found.classes:
        assert entry.users_accuracy.value == entry.producers_accuracy.value == 1
        assert entry.area_m2 is not None
        assert entry.area_m2.value == pytest.approx(entry.mapped_area_m2)
        assert entry.area_pixels.value == pytest.approx(entry.mapped_pixels, rel=1e-3)


def test_names_values_and_text_answer_alike(design: SampleDesign) -> None:
    names = {entry.value: entry.name for entry in design.classes}
    points = [point.value for point in design.points]
    as_numbers = read(answered(design, [float(v) for v in points]), design)
    as_names = read(answered(design, [f" {names[v].upper()} " for v in points]), design)
    as_text = read(answered(design, [str(v) for v in points]), design)
    np.testing.assert_array_equal(as_numbers.reference, as_names.reference)
    np.testing.assert_array_equal(as_numbers.reference, as_text.reference)


def test_the_order_of_rows_does_not_matter(design: SampleDesign) -> None:
    order = list(np.random.default_rng(1).permutation(len(design.points)))
    np.testing.assert_array_equal(
        read(rows(answered(design), order), design).reference, read(answered(design), design).reference
    )


def test_a_layer_in_another_crs_counts_as_well(design: SampleDesign) -> None:
    layer = answered(design)
    lon, lat = transform(layer.crs, CRS.from_epsg(4326), layer.x, layer.y)
    read(replace(layer, x=np.array(lon), y=np.array(lat), crs=CRS.from_epsg(4326)), design)


def test_a_table_without_coordinates_counts_by_its_ids(design: SampleDesign) -> None:
    layer = answered(design)
    nowhere = np.full(len(layer), np.nan)
    read(replace(layer, x=nowhere, y=nowhere, crs=None), design)


def test_points_on_a_rotated_grid_lie_in_their_pixels(tmp_path: Path) -> None:
    path = tmp_path / "rotated.tif"
    turned = Affine.translation(400_000, 5_000_000) @ Affine.rotation(30) @ Affine.scale(2, -2)
    with rasterio.open(
        path, "w", driver="GTiff", width=55, height=40, count=1, dtype="uint8", nodata=255,
        crs="EPSG:32633", transform=turned,
    ) as dataset:  # fmt: skip
        dataset.write(VALUES, 1)
    rotated = draw_sample(SceneSource(str(path)), SampleOptions(size=60, allocation=Allocation("equal", 5)))
    layer = answered(rotated)
    read(layer, rotated)
    with pytest.raises(EvaluationError, match=r"60 points .* do not lie in the pixels"):
        read(replace(layer, x=layer.x + 2), rotated)


def test_a_wider_interval_holds_more(design: SampleDesign) -> None:
    points = [point.value for point in design.points]
    answers = read(answered(design, [4, *points[1:]] if points[0] != 4 else [1, *points[1:]]), design)
    narrow, wide = (estimate_accuracy(answers, confidence_level=level) for level in (0.9, 0.99))
    assert narrow.overall_accuracy.margin / narrow.overall_accuracy.standard_error == pytest.approx(1.645, abs=1e-3)
    assert wide.overall_accuracy.margin / wide.overall_accuracy.standard_error == pytest.approx(2.576, abs=1e-3)
    with pytest.raises(OptionError, match="must lie between 0 and 1"):
        estimate_accuracy(answers, confidence_level=95)


def test_points_that_were_moved_lost_or_added_are_refused(design: SampleDesign) -> None:
    layer = answered(design)
    moved = replace(layer, x=np.concatenate([layer.x[:4], [layer.x[4] + 0.3], layer.x[5:]]))
    with pytest.raises(EvaluationError, match=r"1 points .* do not lie in the pixels that were drawn \(id 5\)"):
        read(moved, design)
    within = replace(layer, x=np.concatenate([layer.x[:4], [layer.x[4] + 0.2], layer.x[5:]]))
    read(within, design)
    with pytest.raises(EvaluationError, match=r"2 of the 60 points are missing .*\(id 1, 3\)"):
        read(rows(layer, [1, *range(3, 60)]), design)
    with pytest.raises(EvaluationError, match="holds 61 points, but 60 were drawn"):
        read(rows(layer, [*range(60), 7]), design)
    foreign = with_column(rows(layer, [*range(60), 7]), "id", [*range(1, 61), 99])
    with pytest.raises(EvaluationError, match="added by hand"):
        read(foreign, design)


def test_answers_that_are_no_class_are_refused(design: SampleDesign) -> None:
    points: list[object] = [point.value for point in design.points]
    with pytest.raises(EvaluationError, match=r"holds 'lake' \(id 2\), which is no class; the classes are: 1 water"):
        read(answered(design, [points[0], "Lake", *points[2:]]), design)
    with pytest.raises(EvaluationError, match="holds '9'"):
        read(answered(design, [9.0, *points[1:]]), design)


def test_missing_columns_are_named(design: SampleDesign) -> None:
    layer = answered(design)
    with pytest.raises(EvaluationError, match="no column 'id'"):
        read(replace(layer, columns={"reference": layer.columns["reference"]}), design)
    with pytest.raises(EvaluationError, match="no column 'truth' of answers; name it with `column`"):
        read_answers(layer, design, source="points.gpkg", column="truth")


def test_unanswered_points_are_refused_or_dropped_as_asked(design: SampleDesign) -> None:
    points: list[object] = [point.value for point in design.points]
    answers = read(answered(design, [None, points[1], "", *points[3:]]), design)
    with pytest.raises(EvaluationError, match=r"2 of the 60 points have no answer yet \(the first is id 1\)"):
        estimate_accuracy(answers)
    found = estimate_accuracy(answers, drop_unanswered=True)
    assert (found.points, found.dropped_points) == (58, 2)
    few = [v if v != 1 else None for v in points]
    with pytest.raises(EvaluationError, match="Only 0 points mapped as 'water' have an answer"):
        estimate_accuracy(read(answered(design, few), design), drop_unanswered=True)


def test_a_layer_without_a_design_is_refused(design: SampleDesign) -> None:
    with pytest.raises(EvaluationError, match="does not say how it was drawn"):
        find_design(replace(answered(design), metadata={}), source="points.gpkg")
    with pytest.raises(EvaluationError, match="The sample design in 'x' is damaged"):
        parse_design('{"map": "a.tif"}', source="x")


def test_the_map_that_was_sampled_is_recognized_however_it_is_stored(
    source: SceneSource, design: SampleDesign, tmp_path: Path
) -> None:
    check_map(design, source)
    with rasterio.open(source.path) as dataset:
        copy = write_raster(tmp_path / "copy.tif", dataset.read(), nodata=255)
    check_map(design, SceneSource(copy))


def test_another_map_is_refused(source: SceneSource, design: SampleDesign, tmp_path: Path) -> None:
    changed = VALUES.copy()
    row, col = np.argwhere(VALUES == 1)[0]
    changed[row, col] = 4
    with pytest.raises(EvaluationError, match=r"pixels of 'water', but the map that was sampled had \d+: it has chang"):
        check_map(design, write_map(tmp_path / "changed.tif", changed))
    with pytest.raises(EvaluationError, match="has changed since the sample was drawn"):
        check_map(design, write_map(tmp_path / "mirrored.tif", VALUES[::-1].copy()))
    with pytest.raises(EvaluationError, match=r"has another grid than 'map\.tif'"):
        check_map(design, write_map(tmp_path / "smaller.tif", VALUES[:-1]))


def test_a_class_whose_points_are_all_right_is_noted(design: SampleDesign) -> None:
    points = [point.value for point in design.points]
    wrong = next(number for number, value in enumerate(points) if value == 7)
    found = estimate_accuracy(read(answered(design, [*points[:wrong], 1, *points[wrong + 1 :]]), design))
    assert [note.split("'")[1] for note in found.notes] == ["water", "bare land"]
    # No wrong one among 20 has a chance of 5 % at this accuracy.
    assert "All 20 points mapped as 'water' are right" in found.notes[0]
    assert f"above {0.05 ** (1 / 20):.3f} (95 %)" in found.notes[0]


def test_classes_left_out_of_the_sample_are_noted(source: SceneSource) -> None:
    options = SampleOptions(size=60, allocation=Allocation("equal", 5), excluded=("water",))
    partial = draw_sample(source, options)
    found = estimate_accuracy(read(answered(partial), partial))
    assert found.notes[0] == "Pixels of the value 1 were left out of the sample: the figures say nothing of them."
    assert [entry.name for entry in found.classes] == ["bare land", "forest"]
