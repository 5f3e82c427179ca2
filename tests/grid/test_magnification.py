"""Levels of an image and the patches that cover them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size


def _published(levels: tuple[Size, ...], patch: Size) -> MagnificationPyramid:
    return MagnificationPyramid(levels, patch, Size(20, 30), PyramidManner.PUBLISHED)


def _times(pyramid: MagnificationPyramid, level: int) -> np.ndarray:
    size = pyramid.levels[level]
    times = np.zeros((size.height, size.width), int)
    for patch in pyramid.patches(level):
        assert patch.row >= 0
        assert patch.col >= 0
        assert patch.row_stop <= size.height
        assert patch.col_stop <= size.width
        times[patch.slices] += 1
    return times


@given(st.integers(1, 40), st.sampled_from([(4, 2, 1), (1,), (6, 3, 1), (8, 1), (4, 2)]))
def test_patches_tile_every_level_of_a_decimation_pyramid(patch: int, decimations: tuple[int, ...]) -> None:
    pyramid = MagnificationPyramid.from_decimations(patch, decimations)
    for level, decimation in enumerate(decimations):
        assert (_times(pyramid, level) == 1).all()
        assert pyramid.decimation(level) == decimation / decimations[-1]
    assert len(pyramid.patches(0)) == 1
    assert pyramid.levels[0] == Size(patch, patch)


@given(st.integers(10, 30), st.integers(10, 30), st.integers(0, 70), st.integers(0, 70))
def test_patches_cover_every_level_of_a_published_pyramid(height: int, width: int, down: int, across: int) -> None:
    pyramid = _published((Size(height, width), Size(height + down, width + across)), Size(height, width))
    assert (_times(pyramid, 0) == 1).all()
    assert (_times(pyramid, 1) >= 1).all()
    assert len(pyramid.patches(1)) == -(-(height + down) // height) * -(-(width + across) // width)


def test_the_first_level_of_a_published_pyramid_is_one_patch() -> None:
    pyramid = _published((Size(25, 40), Size(50, 80)), Size(10, 15))
    assert [rect.size for rect in pyramid.patches(0)] == [Size(25, 40)]


@pytest.mark.parametrize(
    ("image", "window"),
    [(Size(1, 1), Size(128, 128)), (Size(128, 129), Size(128, 256)), (Size(300, 90), Size(384, 128))],
)
def test_an_image_gets_whole_windows(image: Size, window: Size) -> None:
    pyramid = MagnificationPyramid.from_decimations(32, (4, 2, 1)).for_image(image)
    assert pyramid.window == window
    assert [pyramid.decimation(level) for level in range(3)] == [4, 2, 1]
    assert all((_times(pyramid, level) == 1).all() for level in range(3))


def test_a_published_pyramid_is_the_same_for_every_image() -> None:
    pyramid = _published((Size(25, 40), Size(50, 80)), Size(10, 15))
    assert pyramid.for_image(Size(999, 1)) is pyramid


@pytest.mark.parametrize(
    ("levels", "patch", "network_input", "manner", "match"),
    [
        ((), Size(8, 8), Size(8, 8), PyramidManner.PUBLISHED, "at least one level"),
        ((Size(16, 16), Size(8, 8)), Size(8, 8), Size(8, 8), PyramidManner.PUBLISHED, "must grow"),
        ((Size(7, 16),), Size(8, 8), Size(8, 8), PyramidManner.PUBLISHED, "larger than the level"),
        ((Size(16, 16),), Size(8, 8), Size(4, 4), PyramidManner.DECIMATION, "as they are"),
        ((Size(16, 16), Size(40, 40)), Size(8, 8), Size(8, 8), PyramidManner.DECIMATION, "whole decimation"),
        ((Size(12, 12), Size(24, 24)), Size(8, 8), Size(8, 8), PyramidManner.DECIMATION, "whole decimation"),
        ((Size(8, 16), Size(32, 32)), Size(8, 8), Size(8, 8), PyramidManner.DECIMATION, "whole decimation"),
    ],
)
def test_levels_that_make_no_pyramid_are_refused(
    levels: tuple[Size, ...], patch: Size, network_input: Size, manner: PyramidManner, match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        MagnificationPyramid(levels, patch, network_input, manner)


@pytest.mark.parametrize("decimations", [(4, 3, 1), (1, 2)])
def test_decimations_that_do_not_divide_are_refused(decimations: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"whole decimation|larger than the level|must grow"):
        MagnificationPyramid.from_decimations(32, decimations)
