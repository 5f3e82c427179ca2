"""A sample is random, stratified and of the map it says."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from magnet_geo.errors import CancelledError, EvaluationError, OptionError
from magnet_geo.evaluation.accuracy_estimate import estimate_accuracy
from magnet_geo.evaluation.allocation import Allocation
from magnet_geo.evaluation.sample_answers import SampleAnswers
from magnet_geo.evaluation.sample_layer import sample_layer
from magnet_geo.evaluation.sampling import SampleOptions, draw_sample
from magnet_geo.grid import PixelAreas, PixelRect
from magnet_geo.progress import CancelToken, ProgressEvent
from magnet_geo.raster import SceneSource, describe_scene
from tests.evaluation.maps import patchy, write_map
from tests.raster.rasters import write_raster

SMALL = SampleOptions(size=60, allocation=Allocation("equal", 5))


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return patchy(40, 55)


@pytest.fixture(scope="module")
def source(values: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> SceneSource:
    return write_map(tmp_path_factory.mktemp("maps") / "map.tif", values)


def test_points_are_distinct_pixels_of_the_class_they_were_drawn_from(source: SceneSource, values: np.ndarray) -> None:
    design = draw_sample(source, SMALL)
    assert len({(p.row, p.col) for p in design.points}) == len(design.points) == 60
    assert all(values[p.row, p.col] == p.value for p in design.points)
    drawn = np.bincount([p.value for p in design.points], minlength=8)
    assert [(s.value, s.points) for s in design.strata] == [(v, drawn[v]) for v in (1, 4, 7)]
    assert [s.pixels for s in design.strata] == [int((values == v).sum()) for v in (1, 4, 7)]


def test_points_lie_at_pixel_centers_in_the_map_s_crs(source: SceneSource) -> None:
    design = draw_sample(source, SMALL)
    layer = sample_layer(design)
    with rasterio.open(source.path) as dataset:
        found = [int(v[0]) for v in dataset.sample(zip(layer.x, layer.y, strict=True))]
        rows, cols = rasterio.transform.rowcol(dataset.transform, layer.x, layer.y, op=lambda number: number)
        assert layer.crs == dataset.crs
    assert found == list(layer.columns["map_class"])
    np.testing.assert_allclose(np.array([rows, cols]) % 1, 0.5, atol=1e-6)


def test_a_seed_gives_the_same_sample_and_another_one_another(source: SceneSource) -> None:
    first, again = draw_sample(source, SMALL), draw_sample(source, SMALL)
    other = draw_sample(source, SampleOptions(size=60, allocation=Allocation("equal", 5), seed=2))
    assert first == again
    assert first.points != other.points


def test_the_order_of_ids_tells_nothing_of_the_class(source: SceneSource) -> None:
    drawn = [p.value for p in draw_sample(source, SMALL).points]
    changes = sum(a != b for a, b in pairwise(drawn))
    assert changes > 20


def test_a_map_of_many_blocks_is_sampled_in_all_of_them(tmp_path: Path) -> None:
    values = np.full((2100, 1500), 7, np.uint8)
    values[2000:, 1400:] = 1
    design = draw_sample(write_map(tmp_path / "map.tif", values), SampleOptions(allocation=Allocation("equal")))
    assert all(values[p.row, p.col] == p.value for p in design.points)
    blocks = {(p.row // 1024, p.col // 1024) for p in design.points if p.value == 7}
    assert blocks >= {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.slow
def test_each_pixel_of_a_class_has_the_same_chance(source: SceneSource, values: np.ndarray) -> None:
    runs = 200
    times = np.zeros(values.shape)
    for seed in range(runs):
        for point in draw_sample(source, SampleOptions(size=300, allocation=Allocation("equal", 5), seed=seed)).points:
            times[point.row, point.col] += 1
    for value in (1, 4, 7):
        inside = values == value
        chance = min(100, inside.sum()) / inside.sum()
        spread = np.sqrt(chance * (1 - chance) / runs)
        scores = (times[inside] / runs - chance) / spread
        assert np.abs(scores).max() < 5
        assert scores.std() == pytest.approx(1, abs=0.15)


@pytest.mark.slow
def test_estimates_are_right_on_average_and_their_intervals_hold(source: SceneSource, values: np.ndarray) -> None:
    generator = np.random.default_rng(5)
    truth = np.where(generator.random(values.shape) < 0.2, patchy(40, 55, seed=9), values)
    truth[truth == 255] = 4
    valid = values != 255
    shares = {value: (truth[valid] == value).mean() for value in (1, 4, 7)}
    overall = (truth == values)[valid].mean()
    estimates, covered = [], []
    for seed in range(200):
        design = draw_sample(source, SampleOptions(size=240, allocation=Allocation("equal", 5), seed=seed))
        index = {entry.value: number for number, entry in enumerate(design.classes)}
        reference = np.array([index[int(truth[p.row, p.col])] for p in design.points])
        found = estimate_accuracy(SampleAnswers(design, reference))
        records = [found.overall_accuracy, *(entry.share for entry in found.classes)]
        estimates.append([record.value for record in records])
        true = [overall, *(shares[entry.value] for entry in found.classes)]
        covered.append([abs(r.value - t) <= r.margin for r, t in zip(records, true, strict=True)])
    mean, spread = np.mean(estimates, axis=0), np.std(estimates, axis=0) / np.sqrt(len(estimates))
    assert (np.abs(mean - true) < 4 * spread).all()
    assert (np.mean(covered, axis=0) > 0.91).all()


@pytest.mark.slow
def test_areas_are_right_on_average_where_pixels_differ_in_area(tmp_path: Path) -> None:
    # Two degrees to a pixel, from the equator to 80 degrees north, with errors that grow towards the pole.
    values = np.full((40, 60), 7, np.uint8)
    values[:, 30:] = 4
    path = tmp_path / "degrees.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=40, count=1, dtype="uint8", crs="EPSG:4326",
        transform=Affine(2, 0, -60, 0, -2, 80),
    ) as dataset:  # fmt: skip
        dataset.write(values, 1)
    source = SceneSource(str(path))
    north = np.linspace(0.6, 0, 40)[:, None]
    truth = np.where(np.random.default_rng(3).random(values.shape) < north, 4, values)
    areas = PixelAreas(describe_scene(source).grid).areas_m2(PixelRect(0, 0, 40, 60))
    true_m2 = areas[truth == 4].sum()
    naive_m2 = (truth == 4).mean() * areas.sum()
    found = []
    for seed in range(200):
        design = draw_sample(source, SampleOptions(size=200, allocation=Allocation("equal", 5), seed=seed))
        index = {entry.value: number for number, entry in enumerate(design.classes)}
        reference = np.array([index[int(truth[p.row, p.col])] for p in design.points])
        found.append(estimate_accuracy(SampleAnswers(design, reference)).classes[index[4]].area_m2)
    mean = np.mean([estimate.value for estimate in found])
    spread = np.std([estimate.value for estimate in found])
    assert abs(mean - true_m2) < 4 * spread / np.sqrt(len(found))
    assert abs(mean - true_m2) < abs(naive_m2 - true_m2) / 4
    # Standard errors are those of sampling with replacement: a little too large where a tenth is sampled.
    assert np.mean([estimate.standard_error for estimate in found]) == pytest.approx(spread, rel=0.15)


def test_a_small_class_gives_all_its_pixels(tmp_path: Path) -> None:
    values = np.full((30, 30), 7, np.uint8)
    values[0, :3] = 1
    design = draw_sample(write_map(tmp_path / "map.tif", values), SampleOptions(size=60))
    assert [s.points for s in design.strata] == [3, 57]


def test_the_default_size_grows_with_the_number_of_classes(tmp_path: Path) -> None:
    values = np.repeat(np.arange(10, dtype=np.uint8), 100).reshape(10, 100)
    source = SceneSource(write_raster(tmp_path / "ten.tif", values[None]))
    assert len(draw_sample(source, SampleOptions()).points) == 500


def test_a_target_for_the_standard_error_gives_the_size(source: SceneSource) -> None:
    design = draw_sample(source, SampleOptions(target_standard_error=0.03, allocation=Allocation("neyman", 5)))
    assert design.expected_standard_error == pytest.approx(0.03, abs=0.004)


def test_excluded_classes_are_no_part_of_the_population(source: SceneSource) -> None:
    design = draw_sample(source, SampleOptions(excluded=("Forest", "1")))
    assert [s.value for s in design.strata] == [4]
    assert [c.value for c in design.classes] == [4]
    assert design.excluded == (1, 7)


def test_areas_of_strata_are_those_of_their_pixels(source: SceneSource) -> None:
    design = draw_sample(source, SMALL)
    assert design.points[0].area_m2 == pytest.approx(0.25, rel=2e-3)
    for stratum in design.strata:
        assert stratum.area_m2 == pytest.approx(stratum.pixels * 0.25, rel=2e-3)


def test_a_map_without_a_crs_has_pixels_but_no_areas(values: np.ndarray, tmp_path: Path) -> None:
    design = draw_sample(write_map(tmp_path / "map.tif", values, georeferenced=False), SMALL)
    assert {s.area_m2 for s in design.strata} == {None}
    layer = sample_layer(design)
    assert layer.crs is None
    # QGIS draws such a map with its rows running down from 0.
    assert [(-layer.y[0] - 0.5, layer.x[0] - 0.5)] == [(design.points[0].row, design.points[0].col)]


def test_a_blind_layer_does_not_show_the_map(source: SceneSource) -> None:
    assert list(sample_layer(draw_sample(source, SMALL), blind=True).columns) == ["id", "reference", "x", "y"]


def test_progress_rises_to_the_end_and_cancel_stops(source: SceneSource) -> None:
    seen: list[float] = []
    draw_sample(
        source, SMALL, progress=lambda event: seen.append(event.fraction if isinstance(event, ProgressEvent) else -1)
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        draw_sample(source, SMALL, cancel=token)


def test_what_cannot_be_sampled_is_refused(source: SceneSource, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="3 classes with at least 50 points each need 150 points"):
        draw_sample(source, SampleOptions(size=100))
    with pytest.raises(OptionError, match="'lake' is no class of the map; its classes are: 1 water, 4 bare land, 7"):
        draw_sample(source, SampleOptions(excluded=("lake",)))
    with pytest.raises(EvaluationError, match="no pixel of a class that is not excluded"):
        draw_sample(source, SampleOptions(excluded=("1", "4", "7")))
    empty = write_map(tmp_path / "empty.tif", np.full((5, 5), 255, np.uint8))
    with pytest.raises(EvaluationError, match="has no valid pixel"):
        draw_sample(empty, SMALL)
    with pytest.raises(OptionError, match="Give either `size` or `target_standard_error`"):
        SampleOptions(size=3, target_standard_error=0.1)
    with pytest.raises(OptionError, match="lies between 0 and 1, not at 80"):
        SampleOptions(expected_accuracy=80)
