"""Boundary F1 by its definition, and by parts as over the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.boundary import BoundaryCounts, context_px
from magnet_geo.grid import PixelRect

CLASSES = 3
Classes = NDArray[np.uint8]


def counts(truth: Classes, prediction: Classes, tolerance_px: int, core: PixelRect | None = None) -> BoundaryCounts:
    return BoundaryCounts.of(
        truth=truth, prediction=prediction, num_classes=CLASSES, tolerance_px=tolerance_px, core=core
    )


def numbers(found: BoundaryCounts) -> list[list[int]]:
    counted = (found.mapped, found.mapped_near, found.true, found.true_near, [found.open_ends])
    return [list(map(int, part)) for part in counted]


def random_classes(height: int, width: int, seed: int) -> Classes:
    generator = np.random.default_rng(seed)
    values = generator.choice(np.array([0, 1, 2, IGNORE_INDEX], np.uint8), (-(-height // 3), -(-width // 3)))
    return values.repeat(3, axis=0).repeat(3, axis=1)[:height, :width]


def by_definition(truth: Classes, prediction: Classes, tolerance_px: int) -> list[list[int]]:
    """Every border pixel against every other one."""
    compared = (truth != IGNORE_INDEX) & (prediction != IGNORE_INDEX)

    def border(classes: Classes, index: int) -> list[tuple[int, int]]:
        found = []
        for row, col in zip(*np.nonzero(compared & (classes == index)), strict=True):
            for r, c in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
                inside = 0 <= r < classes.shape[0] and 0 <= c < classes.shape[1] and compared[r, c]
                if inside and classes[r, c] != index:
                    found.append((int(row), int(col)))
                    break
        return found

    def near(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> int:
        return sum(any((r - a) ** 2 + (c - b) ** 2 <= tolerance_px**2 for a, b in others) for r, c in some)

    def is_open(row: int, col: int) -> bool:
        around = ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1))
        inside = [place for place in around if 0 <= place[0] < truth.shape[0] and 0 <= place[1] < truth.shape[1]]
        return any(truth[place] == IGNORE_INDEX and prediction[place] != IGNORE_INDEX for place in inside)

    pairs = [(border(prediction, index), border(truth, index)) for index in range(CLASSES)]
    return [
        [len(mapped) for mapped, _ in pairs],
        [near(mapped, true) for mapped, true in pairs],
        [len(true) for _, true in pairs],
        [near(true, mapped) for mapped, true in pairs],
        [sum(is_open(int(row), int(col)) for row, col in zip(*np.nonzero(compared), strict=True))],
    ]


@given(st.integers(0, 10**6), st.integers(1, 13), st.integers(1, 17), st.integers(0, 5))
def test_counts_follow_the_definition(seed: int, height: int, width: int, tolerance_px: int) -> None:
    truth, prediction = random_classes(height, width, seed), random_classes(height, width, seed + 1)
    assert numbers(counts(truth, prediction, tolerance_px)) == by_definition(truth, prediction, tolerance_px)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(5, 20))
def test_parts_with_context_add_up_to_the_whole(seed: int, tolerance_px: int, side: int) -> None:
    truth, prediction = random_classes(37, 41, seed), random_classes(37, 41, seed + 1)
    margin = context_px(tolerance_px)
    total = BoundaryCounts.empty(CLASSES)
    for row in range(0, 37, side):
        for col in range(0, 41, side):
            core = PixelRect(row, col, min(side, 37 - row), min(side, 41 - col))
            top, left = max(0, row - margin), max(0, col - margin)
            read = (slice(top, core.row_stop + margin), slice(left, core.col_stop + margin))
            total += counts(truth[read], prediction[read], tolerance_px, core.shifted(rows=-top, cols=-left))
    assert numbers(total) == numbers(counts(truth, prediction, tolerance_px))


def halves(column: int) -> Classes:
    classes = np.zeros((20, 30), np.uint8)
    classes[:, column:] = 1
    return classes


def test_a_border_off_by_less_than_the_tolerance_is_right() -> None:
    assert list(counts(halves(15), halves(18), 3).f1[:2]) == [1, 1]
    assert list(counts(halves(15), halves(19), 3).f1[:2]) == [0, 0]


def test_a_class_without_a_border_has_no_score_and_a_missed_one_scores_0() -> None:
    found = counts(halves(15), np.zeros((20, 30), np.uint8), 3)
    np.testing.assert_array_equal(found.f1, [0, 0, np.nan])
    assert found.mean_f1() == 0
    assert np.isnan(counts(halves(0), halves(0), 3).mean_f1())


def test_the_edge_of_the_labels_is_no_border() -> None:
    truth, prediction = halves(15), halves(15)
    truth[:, 15:] = IGNORE_INDEX
    assert numbers(counts(truth, prediction, 3)) == [*[[0] * CLASSES] * 4, [20]]


def test_labels_that_end_at_unlabelled_ground_have_no_score_but_a_reason() -> None:
    prediction = halves(15)
    prediction[5:8, 3:6] = 2
    truth = np.full((20, 30), IGNORE_INDEX, np.uint8)
    truth[2:12, 2:12], truth[2:12, 18:28] = 0, 1
    found = counts(truth, prediction, 3)
    assert np.isnan(found.f1).all()
    assert np.isnan(found.mean_f1())
    assert found.unmeasured == (
        "Boundary F1 is not measured: 72 of 72 pixels along the edges of labels lie beside ground without a label, "
        "where the truth shows no border."
    )


def test_some_unlabelled_ground_leaves_the_score() -> None:
    truth, prediction = halves(15), halves(16)
    truth[:4, 10:20] = IGNORE_INDEX
    found = counts(truth, prediction, 3)
    assert (found.open_ends, int(found.true.sum())) == (18, 32)
    assert found.unmeasured == ""
    assert found.mean_f1() == 1


def test_ground_that_is_not_mapped_is_no_open_end() -> None:
    truth, prediction = halves(15), halves(15)
    truth[:, :10] = prediction[:, :10] = IGNORE_INDEX
    assert counts(truth, prediction, 3).open_ends == 0


def test_no_border_anywhere_is_told() -> None:
    assert counts(halves(0), halves(0), 3).unmeasured == (
        "Boundary F1 is not measured: there is no border between classes."
    )


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(EvaluationError, match="do not fit"):
        counts(halves(1), halves(1)[1:], 3)
    with pytest.raises(EvaluationError, match="0 or more pixels, not -1"):
        counts(halves(1), halves(1), -1)
