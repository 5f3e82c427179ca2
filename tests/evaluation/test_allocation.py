"""Sample sizes and their sharing among classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.allocation import Allocation, AllocationName, allocate, size_for_standard_error

PUBLISHED_PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])
PUBLISHED_ACCURACY = np.array([0.70, 0.60, 0.90, 0.95])


def shared(pixels: list[int] | NDArray[np.int64], size: int, name: AllocationName, least: int = 2) -> list[int]:
    pixels = np.asarray(pixels)
    found = allocate(pixels, size=size, allocation=Allocation(name, least), expected_accuracy=np.full(len(pixels), 0.8))
    return list(found)


def test_the_size_of_the_published_example() -> None:
    assert size_for_standard_error(PUBLISHED_PIXELS, PUBLISHED_ACCURACY, 0.01) == 641


def test_a_few_pixels_need_no_larger_sample_than_there_are() -> None:
    assert size_for_standard_error(np.array([30, 20]), np.array([0.5, 0.5]), 0.001) <= 50


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=8),
    st.integers(0, 2000),
    st.integers(2, 60),
    st.sampled_from(["proportional", "equal", "neyman", "power"]),
)
def test_points_sum_up_and_keep_their_bounds(pixels: list[int], more: int, least: int, name: AllocationName) -> None:
    size = least * len(pixels) + more
    points = np.array(shared(pixels, size, name, least))
    assert points.sum() == min(size, sum(pixels))
    assert (points >= np.minimum(pixels, least)).all()
    assert (points <= pixels).all()


def test_each_allocation_shares_as_its_name_says() -> None:
    pixels = [10_000, 40_000, 250_000]
    assert shared(pixels, 300, "equal") == [100, 100, 100]
    assert shared(pixels, 300, "proportional") == [10, 40, 250]
    assert shared(pixels, 300, "neyman") == [10, 40, 250]
    assert shared(pixels, 800, "power") == [100, 200, 500]


def test_neyman_gives_more_to_classes_that_are_less_sure() -> None:
    accuracy = np.array([0.5, 0.9])
    points = allocate(np.array([1000, 1000]), size=160, allocation=Allocation("neyman", 2), expected_accuracy=accuracy)
    assert list(points) == [100, 60]


def test_the_minimum_is_taken_from_the_larger_classes() -> None:
    assert shared(PUBLISHED_PIXELS, 640, "proportional", 75) == [75, 75, 162, 328]


def test_classes_of_no_weight_still_get_their_minimum() -> None:
    perfect = np.ones(2)
    points = allocate(np.array([500, 500]), size=40, allocation=Allocation("neyman", 5), expected_accuracy=perfect)
    assert list(points) == [20, 20]


def test_a_size_below_the_minimum_of_all_classes_is_refused() -> None:
    with pytest.raises(EvaluationError, match="3 classes with at least 50 points each need 150 points, but the sample"):
        shared([1000, 1000, 1000], 100, "equal", 50)
    with pytest.raises(EvaluationError, match="each class needs at least 2"):
        Allocation("equal", 1)
    with pytest.raises(EvaluationError, match="must lie between 0 and 1"):
        size_for_standard_error(PUBLISHED_PIXELS, PUBLISHED_ACCURACY, 0)
