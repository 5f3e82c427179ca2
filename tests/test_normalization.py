"""Native values become model values."""

from __future__ import annotations

import numpy as np
import pytest

from magnet_geo.normalization import Normalization, Scaling


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
def test_the_ends_of_the_range_become_0_and_255_and_what_lies_beyond_is_clipped(dtype: str) -> None:
    values = np.array([[[0, 20, 70, 120, 125]], [[0, 50, 60, 70, 120]]], dtype)
    scaled = Scaling((20, 50), (120, 70)).apply(values)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [[[0, 0, 127.5, 255, 255]], [[0, 0, 127.5, 255, 255]]], rtol=1e-6)


def test_the_native_values_stay_as_they_are() -> None:
    values = np.array([[[10.0, 20.0]]], np.float32)
    before = values.copy()
    Scaling((0,), (30,)).apply(values)
    np.testing.assert_array_equal(values, before)


def test_what_is_no_number_stays_none() -> None:
    scaled = Scaling((0,), (10,)).apply(np.array([[[np.nan, np.inf, -np.inf]]], np.float32))
    np.testing.assert_array_equal(scaled, [[[np.nan, 255, 0]]])


@pytest.mark.parametrize(
    ("low", "high"), [((1.0,), (1.0,)), ((2.0,), (1.0,)), ((0.0, 1.0), (1.0,)), ((float("nan"),), (1.0,))]
)
def test_empty_ranges_are_refused(low: tuple[float, ...], high: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"below its high|do not match"):
        Scaling(low, high)


@pytest.mark.parametrize(("mean", "std"), [((0.5,), (0.0,)), ((0.5,), (-1.0,)), ((0.5, 0.5), (1.0,)), ((), ())])
def test_statistics_that_cannot_be_are_refused(mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be positive|do not match"):
        Normalization(mean, std)
