"""Which points are replaced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from magnet_geo.progressive import PointRule
from magnet_geo.progressive.points import (
    choose_cells,
    choose_smoothed_cells,
    median_filter,
    nearest_cells,
    nearest_pixels,
)


def _scores(seed: int, height: int, width: int, values: int = 6) -> NDArray[np.float32]:
    return np.random.default_rng(seed).integers(0, values, (height, width)).astype(np.float32) / values


@pytest.mark.parametrize("kernel", [1, 3, 5, 7, 11])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 9), (33, 12), (70, 3)])
def test_the_median_is_that_of_all_cells_with_zeros_outside(kernel: int, height: int, width: int) -> None:
    score = np.random.default_rng(kernel).random((height, width)).astype(np.float32)
    padded = np.pad(score, kernel // 2)
    expected = np.array(
        [[np.median(padded[r : r + kernel, c : c + kernel]) for c in range(width)] for r in range(height)]
    )
    np.testing.assert_array_equal(median_filter(score, kernel), expected.astype(np.float32))


@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 9), st.integers(0, 90))
def test_single_pixels_are_chosen_to_the_count(seed: int, height: int, width: int, count: int) -> None:
    score = _scores(seed, height, width)
    chosen = choose_cells(score, np.ones(score.shape, np.int64), count)
    assert chosen.sum() == min(count, score.size)
    if chosen.any() and not chosen.all():
        assert score[chosen].min() >= score[~chosen].max()


@given(st.integers(0, 2**31), st.integers(0, 40))
def test_ties_go_to_the_cell_that_comes_first(seed: int, count: int) -> None:
    score = _scores(seed, 5, 7, values=2)
    chosen = choose_cells(score, np.ones(score.shape, np.int64), count)
    order = sorted(range(score.size), key=lambda cell: (-score.ravel()[cell], cell))
    assert set(np.flatnonzero(chosen)) == set(order[:count])


@given(st.integers(0, 2**31), st.integers(0, 120))
def test_cells_of_many_pixels_never_exceed_the_count(seed: int, count: int) -> None:
    score = _scores(seed, 5, 6)
    pixels = np.random.default_rng(seed).integers(0, 7, score.shape)
    chosen = choose_cells(score, pixels, count)
    assert pixels[chosen].sum() <= count
    assert not chosen[pixels == 0].any()
    left = [cell for cell in np.argsort(-score.ravel(), kind="stable") if pixels.flat[cell] and not chosen.flat[cell]]
    if left:
        assert pixels[chosen].sum() + pixels.flat[left[0]] > count


@given(st.integers(0, 2**31), st.sampled_from([1, 3, 7, 11]), st.integers(-5, 700), st.sampled_from([2, 6, 1000]))
def test_smoothed_cells_are_those_of_the_highest_medians(seed: int, kernel: int, count: int, values: int) -> None:
    score = _scores(seed, 9, 14, values) - np.float32(0.1)
    pixels = np.random.default_rng(seed).integers(0, 7, score.shape)
    expected = choose_cells(median_filter(score, kernel), pixels, count)
    np.testing.assert_array_equal(choose_smoothed_cells(score, kernel, pixels, count), expected)


@given(st.integers(1, 40), st.integers(1, 90))
def test_each_cell_looks_at_a_pixel_of_its_own_when_pixels_are_finer(cells: int, more: int) -> None:
    length = cells + more
    np.testing.assert_array_equal(nearest_cells(cells, length)[nearest_pixels(cells, length)] <= np.arange(cells), True)
    owner = nearest_cells(cells, length)
    assert (owner[0], owner[-1]) == (0, cells - 1)
    assert set(np.diff(owner)) <= {0, 1}


def test_equal_sizes_keep_every_cell_at_its_pixel() -> None:
    np.testing.assert_array_equal(nearest_cells(9, 9), np.arange(9))
    np.testing.assert_array_equal(nearest_pixels(9, 9), np.arange(9))


@pytest.mark.parametrize(("n_points", "count"), [(0.5, 50), (1, 101), (0.001, 0), (60, 60), (4000, 101)])
def test_points_are_a_share_or_a_count(n_points: float, count: int) -> None:
    assert PointRule(n_points, 1).count(101) == count


def test_a_negative_fade_is_refused() -> None:
    with pytest.raises(ValueError, match="fade_px"):
        PointRule(1, 1, fade_px=-1)


@pytest.mark.parametrize(
    ("n_points", "kernel", "cell", "match"), [(0, 1, 1, "n_points"), (1, 2, 1, "smooth_kernel"), (1, 1, 0, "cell_px")]
)
def test_rules_that_cannot_be_are_refused(n_points: float, kernel: int, cell: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        PointRule(n_points, kernel, cell)
