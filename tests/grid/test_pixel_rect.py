"""Rectangles of whole pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.grid import PixelRect, Size

rects = st.builds(PixelRect, *[st.integers(0, 20)] * 2, *[st.integers(1, 15)] * 2)


@given(rects, rects)
def test_an_intersection_holds_the_common_pixels(one: PixelRect, other: PixelRect) -> None:
    times = np.zeros((40, 40), int)
    times[one.slices] += 1
    times[other.slices] += 1
    common = one.intersection(other)
    found = np.zeros((40, 40), bool)
    if common is not None:
        found[common.slices] = True
    np.testing.assert_array_equal(found, times == 2)


@given(rects, rects)
def test_a_relative_rectangle_is_the_same_pixels_of_a_crop(one: PixelRect, other: PixelRect) -> None:
    numbers = np.arange(1600).reshape(40, 40)
    common = one.intersection(other)
    if common is not None:
        np.testing.assert_array_equal(numbers[one.slices][common.relative_to(one).slices], numbers[common.slices])


def test_empty_sizes_and_rectangles_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        Size(0, 3)
    with pytest.raises(ValueError, match="at least one pixel"):
        PixelRect(0, 0, 3, 0)
