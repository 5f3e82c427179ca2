"""The minimum mapping unit: nothing small is left, nothing but small patches changes, and bands do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.vector.class_bands import Band
from magnet_geo.vector.merging.patch_merging import merge_small_patches
from magnet_geo.vector.tracing.run_measures import count_pixels
from tests.vector.traced import class_rasters


@dataclass
class ArrayBands:
    codes: NDArray[np.uint8]
    rows: int

    @property
    def grid(self) -> RasterGrid:
        return RasterGrid(None, Affine.identity(), self.codes.shape[1], self.codes.shape[0])

    def bands(self) -> Iterator[Band]:
        for row in range(0, self.codes.shape[0], self.rows):
            codes = self.codes[row : row + self.rows]
            yield Band(PixelRect(row, 0, *codes.shape), codes)


def sieved(codes: NDArray[np.uint8], least: float, *, rows: int = 100, connectivity: int = 4) -> NDArray[np.uint8]:
    merged = merge_small_patches(
        ArrayBands(codes, rows),
        least=least,
        measure=lambda rect: count_pixels,
        connectivity=8 if connectivity == 8 else 4,
    )
    return np.concatenate([band.codes for band in merged.bands()])


def patches(codes: NDArray[np.uint8], connectivity: int) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Class and pixels of each patch, by an oracle."""
    for code in np.unique(codes[codes > 0]).tolist():
        count, labels = cv2.connectedComponents((codes == code).astype(np.uint8), connectivity=connectivity)
        for label in range(1, count):
            yield code, labels == label


def beside(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that share a side with some."""
    grown = np.pad(pixels, 1)
    around = grown[:-2, 1:-1] | grown[2:, 1:-1] | grown[1:-1, :-2] | grown[1:-1, 2:]
    return around & ~pixels


LAWS = {
    "codes": class_rasters(most=16),
    "least": st.integers(2, 9),
    "connectivity": st.sampled_from([4, 8]),
}


@settings(max_examples=150)
@given(**LAWS)
def test_no_patch_with_a_neighbor_stays_small(codes, least, connectivity):
    result = sieved(codes, least, connectivity=connectivity)
    for _, pixels in patches(result, connectivity):
        assert pixels.sum() >= least or not result[beside(pixels)].any()


@settings(max_examples=100)
@given(**LAWS, rows=st.integers(1, 6))
def test_bands_do_not_matter(codes, least, connectivity, rows):
    whole = sieved(codes, least, connectivity=connectivity)
    assert np.array_equal(sieved(codes, least, rows=rows, connectivity=connectivity), whole)


@settings(max_examples=100)
@given(**LAWS)
def test_only_small_patches_change_and_nodata_stays(codes, least, connectivity):
    result = sieved(codes, least, connectivity=connectivity)
    assert np.array_equal(result == 0, codes == 0)
    for code, pixels in patches(codes, connectivity):
        if pixels.sum() >= least:
            assert (result[pixels] == code).all()


@settings(max_examples=100)
@given(**LAWS)
def test_a_second_time_changes_nothing(codes, least, connectivity):
    once = sieved(codes, least, connectivity=connectivity)
    assert np.array_equal(sieved(once, least, connectivity=connectivity), once)


@settings(max_examples=100)
@given(codes=class_rasters(most=10), least=st.integers(2, 9))
def test_the_rule_is_that_of_a_plain_loop(codes, least):
    assert np.array_equal(sieved(codes, least), plainly_sieved(codes, least))


def plainly_sieved(codes: NDArray[np.uint8], least: int) -> NDArray[np.uint8]:
    """The stated rule, patch by patch, on the pixels themselves."""
    result = codes.copy()
    while True:
        found = sorted(patches(result, 4), key=lambda patch: int(np.flatnonzero(patch[1])[0]))
        number = np.full(codes.shape, -1)
        for index, (_, pixels) in enumerate(found):
            number[pixels] = index
        sizes = [int(pixels.sum()) for _, pixels in found]
        border = np.zeros((len(found), len(found)), int)
        for one, other in ((number[:-1], number[1:]), (number[:, :-1], number[:, 1:])):
            apart = (one != other) & (one >= 0) & (other >= 0)
            np.add.at(border, (one[apart], other[apart]), 1)
        border += border.T
        small = [i for i in range(len(found)) if sizes[i] < least and border[i].any()]
        goes = [i for i in small if all((sizes[i], i) < (sizes[j], j) for j in small if j != i and border[i, j])]
        if not goes:
            return result
        for index in goes:
            best = max(np.flatnonzero(border[index]), key=lambda j: (border[index, j], sizes[j], -j))
            result[found[index][1]] = found[best][0]


def test_the_longest_border_wins_and_then_the_larger_patch():
    codes = np.array([[2, 2, 2, 2], [2, 1, 3, 3], [2, 2, 3, 3]], np.uint8)
    assert sieved(codes, 2)[1, 1] == 2
    tie = np.array([[2, 1, 3], [2, 1, 3], [2, 4, 4], [2, 4, 4]], np.uint8)
    assert sieved(tie, 3)[0, 1] == 2
