"""Resampling of labelled pixels: sizes, means of valid pixels alone, classes at centers."""

from __future__ import annotations

import numpy as np
import pytest

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, MemorySource
from magnet_geo.grid import PixelRect, Size


def noise(height: int, width: int, bands: int = 3) -> LabeledImage:
    generator = np.random.default_rng(height * width + bands)
    pixels = generator.integers(1, 256, (height, width, bands)).astype(np.uint8)
    classes = generator.integers(0, 5, (height, width)).astype(np.uint8)
    return LabeledImage(pixels, np.ones((height, width), bool), classes)


@pytest.mark.parametrize("bands", [1, 3, 4, 7])
@pytest.mark.parametrize("shape", [Size(8, 12), Size(3, 5), Size(31, 40), Size(4, 60), Size(20, 2)])
@pytest.mark.parametrize("hole", [False, True])
def test_a_constant_image_stays_constant_at_any_size(bands: int, shape: Size, hole: bool) -> None:
    pixels = np.full((16, 24, bands), 77, np.uint8)
    if hole:
        pixels[3:9, 5:11] = 0
    found = LabeledImage(pixels, pixels.any(axis=2), np.full((16, 24), 2, np.uint8)).resampled(shape)
    assert found.pixels.shape == (shape.height, shape.width, bands)
    assert (found.classes == 2).all()
    np.testing.assert_allclose(found.pixels[found.valid], 77, rtol=1e-5)
    assert not found.pixels[~found.valid].any()
    assert found.valid.any()


def test_whole_decimation_is_the_mean_of_each_block() -> None:
    image = noise(12, 20)
    found = image.resampled(Size(3, 5)).pixels
    blocks = image.pixels.reshape(3, 4, 5, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(found, blocks, rtol=1e-5)


def test_padding_does_not_darken_what_is_valid() -> None:
    image = noise(8, 8)
    pixels = image.pixels.copy()
    pixels[:, 1::2] = 0
    valid = np.zeros((8, 8), bool)
    valid[:, ::2] = True
    found = LabeledImage(pixels, valid, image.classes).resampled(Size(4, 4)).pixels
    expected = pixels[:, ::2].reshape(4, 2, 4, 3).mean(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_classes_are_those_at_the_centers_of_the_new_pixels() -> None:
    classes = np.arange(6, dtype=np.uint8)[None].repeat(3, axis=0)
    image = LabeledImage(np.ones((3, 6, 1), np.uint8), np.ones((3, 6), bool), classes)
    assert image.resampled(Size(1, 2)).classes.tolist() == [[1, 4]]
    assert image.resampled(Size(3, 12)).classes[0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_reading_a_rectangle_over_the_border_pads_without_labels() -> None:
    source = MemorySource("noise", noise(10, 14), gsd_m=0.5)
    assert (source.size, source.band_count, source.gsd_m) == (Size(10, 14), 3, 0.5)
    read = source.read(PixelRect(-4, 10, 8, 8), Size(8, 8))
    inside = np.zeros((8, 8), bool)
    inside[4:, :4] = True
    np.testing.assert_array_equal(read.pixels[4:, :4], source.image.pixels[:4, 10:])
    np.testing.assert_array_equal(read.classes[4:, :4], source.image.classes[:4, 10:])
    assert (read.valid == inside).all()
    assert ((read.classes != IGNORE_INDEX) == inside).all()


def test_a_rectangle_beyond_the_image_is_nothing_but_padding() -> None:
    read = MemorySource("noise", noise(10, 14)).read(PixelRect(30, 30, 8, 8), Size(4, 4))
    assert not read.pixels.any()
    assert not read.valid.any()
    assert (read.classes == IGNORE_INDEX).all()
