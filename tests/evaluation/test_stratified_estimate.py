"""The estimators give the published figures of Olofsson et al. (2014), and hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.stratified_estimate import AccuracySample

# Deforestation, forest gain, stable forest, stable non-forest: rows the map, columns the truth (section 4, table 8).
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])
PIXEL_HA = 0.09


def sample_of(counts: NDArray[np.int64], pixels: NDArray[np.int64], *, pixel_area: float = 1.0) -> AccuracySample:
    mapped, reference = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    areas = np.full(len(mapped), pixel_area)
    return AccuracySample(mapped, reference, areas, pixels, pixels * pixel_area)


@pytest.fixture(scope="module")
def published() -> AccuracySample:
    return sample_of(COUNTS, PIXELS, pixel_area=PIXEL_HA)


def rounded(values: list[float]) -> list[float]:
    return [round(value, 2) for value in values]


def test_overall_accuracy_is_the_published_one(published: AccuracySample) -> None:
    assert rounded([published.overall.value, 1.96 * published.overall.standard_error]) == [0.95, 0.02]


def test_users_accuracies_are_the_published_ones(published: AccuracySample) -> None:
    found = [published.users(index) for index in range(4)]
    assert rounded([e.value for e in found]) == [0.88, 0.73, 0.93, 0.96]
    assert rounded([1.96 * e.standard_error for e in found]) == [0.07, 0.10, 0.04, 0.02]


def test_producers_accuracies_are_the_published_ones(published: AccuracySample) -> None:
    found = [published.producers(index) for index in range(4)]
    assert rounded([e.value for e in found]) == [0.75, 0.85, 0.93, 0.96]


def test_producers_standard_errors_are_those_of_equation_7(published: AccuracySample) -> None:
    rows = COUNTS.sum(axis=1)
    inside = COUNTS / rows[:, None]
    variances = PIXELS[:, None] ** 2 * inside * (1 - inside) / (rows[:, None] - 1)
    for index in range(4):
        found = published.producers(index)
        own = (1 - found.value) ** 2 * variances[index, index]
        others = found.value**2 * (variances[:, index].sum() - variances[index, index])
        expected = (own + others) ** 0.5 / (PIXELS @ inside[:, index])
        assert found.standard_error == pytest.approx(expected, rel=1e-12)


def test_the_area_of_deforestation_is_the_published_one(published: AccuracySample) -> None:
    share = published.share(0)
    pixels = PIXELS.sum()
    assert round(share.value * pixels) == 235_086
    assert round(1.96 * share.standard_error * pixels) == 68_418


def test_areas_in_hectares_are_the_published_ones(published: AccuracySample) -> None:
    hectares = PIXELS.sum() * PIXEL_HA
    shares = [published.share(index) for index in range(4)]
    assert [round(s.value * hectares) for s in shares] == [21_158, 11_686, 285_770, 581_386]
    assert [round(1.96 * s.standard_error * hectares) for s in shares] == [6_158, 3_756, 15_510, 16_282]


def test_proportions_sum_to_the_strata_and_to_the_estimated_shares(published: AccuracySample) -> None:
    np.testing.assert_allclose(published.proportions.sum(axis=1), PIXELS / PIXELS.sum())
    np.testing.assert_allclose(published.proportions.sum(axis=0), [published.share(i).value for i in range(4)])
    assert published.proportions.trace() == pytest.approx(published.overall.value)


def test_a_perfect_map_is_estimated_without_error() -> None:
    found = sample_of(np.diag([30, 20, 10]), np.array([900, 80, 20]))
    for index, share in enumerate([0.9, 0.08, 0.02]):
        assert found.users(index).value == found.producers(index).value == 1
        assert (found.share(index).value, found.share(index).standard_error) == pytest.approx((share, 0))


def test_a_stratum_visited_in_full_adds_no_sampling_error() -> None:
    found = sample_of(np.array([[3, 1], [0, 20]]), np.array([4, 1000]))
    assert (found.users(0).value, found.users(0).standard_error) == (0.75, 0)
    assert found.overall.standard_error == 0


def test_a_true_class_that_the_map_lacks_has_an_area_but_no_users_accuracy() -> None:
    found = sample_of(np.array([[18, 0, 2], [0, 20, 0], [0, 0, 0]]), np.array([600, 400, 0]))
    assert found.share(2).value == pytest.approx(0.06)
    assert found.producers(2).value == 0
    assert np.isnan(found.users(2).value)


def test_pixels_of_unequal_area_count_by_their_area() -> None:
    mapped, reference = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    areas = np.array([1.0, 2.0, 3.0, 1.0, 1.0])
    found = AccuracySample(mapped, reference, areas, np.array([50, 50]), np.array([120.0, 80.0]))
    assert found.users(0).value == pytest.approx(0.5)
    assert found.share(0).value == pytest.approx(0.3)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(EvaluationError, match="has 1 points of 50 pixels; every class on the map needs at least 2"):
        sample_of(np.array([[1, 0], [0, 9]]), np.array([50, 50]))
    with pytest.raises(EvaluationError, match="a class that the map does not hold"):
        sample_of(np.array([[3, 0], [0, 9]]), np.array([0, 50]))
