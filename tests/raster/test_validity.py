"""Which pixels count as data."""

from __future__ import annotations

import numpy as np
import pytest

from magnet_geo.raster.validity import nodata_fits, valid_pixels


def test_a_pixel_is_invalid_only_where_all_bands_are_nodata() -> None:
    values = np.array([[[0, 0, 5]], [[0, 4, 5]]], np.uint8)
    assert valid_pixels(values, nodata=(0, 0)).tolist() == [[False, True, True]]


def test_a_band_without_nodata_keeps_every_pixel() -> None:
    values = np.zeros((2, 1, 3), np.uint8)
    assert valid_pixels(values, nodata=(0, None)).all()


def test_nodata_may_differ_between_bands() -> None:
    values = np.array([[[0, 9]], [[9, 9]]], np.int16)
    assert valid_pixels(values, nodata=(0, 9)).tolist() == [[False, True]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_or_infinity_in_any_band_is_invalid(bad: float) -> None:
    values = np.ones((2, 1, 2), np.float32)
    values[1, 0, 0] = bad
    assert valid_pixels(values, nodata=(None, None)).tolist() == [[False, True]]


def test_nan_as_nodata_is_found() -> None:
    values = np.array([[[np.nan, 1.0]]], np.float64)
    assert valid_pixels(values, nodata=(float("nan"),)).tolist() == [[False, True]]


@pytest.mark.parametrize("text", ["-3.4028234663852886e+38", "-3.40282347e+38", "-3.402823e+38", "1e-7", "-9999.1"])
def test_float32_nodata_survives_its_decimal_text(text: str) -> None:
    stored = np.float32(float(text))
    values = np.array([[[stored, stored * np.float32(0.99), 5.0]]], np.float32)
    assert valid_pixels(values, nodata=(float(f"{stored:.8g}"),)).tolist() == [[False, True, True]]


def test_float64_nodata_beyond_float32_takes_no_data_away() -> None:
    values = np.array([[[1.0, -np.inf]]], np.float32)
    assert valid_pixels(values, nodata=(-1.7976931348623157e308,)).tolist() == [[True, False]]


def test_nodata_a_dtype_cannot_hold_matches_nothing() -> None:
    values = np.zeros((1, 1, 2), np.uint8)
    for nodata in (-9999.0, 0.5, float("nan"), 256.0):
        assert not nodata_fits(nodata, values.dtype)
        assert valid_pixels(values, nodata=(nodata,)).all()


def test_alpha_zero_and_masks_make_pixels_invalid() -> None:
    values = np.ones((2, 1, 3), np.uint8)
    alpha = np.array([[0, 1, 255]], np.uint8)
    masks = np.array([[[255, 0, 255]], [[255, 0, 0]]], np.uint8)
    assert valid_pixels(values, nodata=(None, None), alpha=alpha, masks=masks).tolist() == [[False, False, True]]
