"""A confusion matrix adds up, and its scores are the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation import ConfusionMatrix
from magnet_geo.evaluation.confusion import IGNORE_INDEX

CLASSES = 4


def class_array(size: int) -> st.SearchStrategy[NDArray[np.uint8]]:
    index = st.one_of(st.integers(0, CLASSES - 1), st.just(IGNORE_INDEX))
    return st.lists(index, min_size=size, max_size=size).map(lambda values: np.array(values, np.uint8))


PAIRS = st.integers(1, 60).flatmap(lambda size: st.tuples(class_array(size), class_array(size)))


def matrix(truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> ConfusionMatrix:
    return ConfusionMatrix.of(truth=truth, prediction=prediction, num_classes=CLASSES)


@given(PAIRS)
def test_each_count_is_the_number_of_pixels_with_that_pair(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    truth, prediction = pair
    counts = matrix(truth, prediction).counts
    for row in range(CLASSES):
        for column in range(CLASSES):
            assert counts[row, column] == np.sum((truth == row) & (prediction == column))


@given(PAIRS, st.integers(0, 60))
def test_matrices_of_parts_add_up_to_that_of_the_whole(
    pair: tuple[NDArray[np.uint8], NDArray[np.uint8]], cut: int
) -> None:
    truth, prediction = pair
    parts = matrix(truth[:cut], prediction[:cut]) + matrix(truth[cut:], prediction[cut:])
    np.testing.assert_array_equal(parts.counts, matrix(truth, prediction).counts)


@given(PAIRS)
def test_scores_follow_from_sets_of_pixels(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    truth, prediction = pair
    found = matrix(truth, prediction)
    compared = (truth != IGNORE_INDEX) & (prediction != IGNORE_INDEX)
    for index in range(CLASSES):
        of, to = (truth == index) & compared, (prediction == index) & compared
        both, either = np.sum(of & to), np.sum(of | to)
        expected = both / either if either else np.nan
        np.testing.assert_allclose(found.iou[index], expected)
        np.testing.assert_allclose(found.precision[index], both / to.sum() if to.any() else np.nan)
        np.testing.assert_allclose(found.recall[index], both / of.sum() if of.any() else np.nan)
        np.testing.assert_allclose(found.f1[index], 2 * expected / (1 + expected) if either else np.nan)


def test_a_perfect_map_scores_one_and_absent_classes_have_no_score() -> None:
    found = ConfusionMatrix(np.diag([5, 0, 7, 1]))
    np.testing.assert_array_equal(found.iou, [1, np.nan, 1, 1])
    assert found.mean_iou() == found.overall_accuracy == found.kappa == found.frequency_weighted_iou() == 1


def test_a_known_matrix_gives_the_scores_worked_out_by_hand() -> None:
    found = ConfusionMatrix(np.array([[20, 5], [10, 15]]))
    np.testing.assert_allclose(found.iou, [20 / 35, 15 / 30])
    assert found.overall_accuracy == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.mean_iou() == pytest.approx((20 / 35 + 0.5) / 2)
    assert found.frequency_weighted_iou() == pytest.approx((20 / 35 + 0.5) / 2)
    assert found.mean_f1() == pytest.approx((40 / 55 + 30 / 45) / 2)


def test_an_uncounted_class_is_left_out_of_means_only() -> None:
    found = ConfusionMatrix(np.array([[1, 9, 0], [0, 20, 0], [0, 0, 10]]))
    assert found.mean_iou(uncounted=[0]) == pytest.approx((20 / 29 + 1) / 2)
    assert found.frequency_weighted_iou(uncounted=[0]) == pytest.approx((20 * 20 / 29 + 10) / 30)


def test_nothing_compared_gives_no_score() -> None:
    found = ConfusionMatrix.empty(3)
    scores = [found.mean_iou(), found.overall_accuracy, found.kappa, found.frequency_weighted_iou()]
    assert np.isnan(scores).all()


def test_an_index_that_is_no_class_is_refused() -> None:
    four, zero = np.array([4], np.uint8), np.array([0], np.uint8)
    with pytest.raises(EvaluationError, match="The truth holds class 4, but there are 4"):
        matrix(four, zero)
    with pytest.raises(EvaluationError, match="The prediction holds class 4, but there are 4"):
        matrix(zero, four)


def test_arrays_and_matrices_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EvaluationError, match="do not fit"):
        matrix(np.zeros(3, np.uint8), np.zeros(4, np.uint8))
    with pytest.raises(EvaluationError, match="do not add up"):
        ConfusionMatrix.empty(3) + ConfusionMatrix.empty(4)
    with pytest.raises(EvaluationError, match="square"):
        ConfusionMatrix(np.zeros((2, 3), np.int64))
