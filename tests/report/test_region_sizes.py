"""Regions counted band by band are those of the whole map."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from magnet_geo.report.region_sizes import RegionSizes, decade_areas

MAPS = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3))


def count(codes: NDArray[np.uint8], areas: NDArray[np.float64], rows: int) -> RegionSizes:
    sizes = RegionSizes(codes.shape[1])
    for row in range(0, len(codes), rows):
        sizes.add(codes[row : row + rows], areas[row : row + rows])
    sizes.finish()
    return sizes


def regions_by_opencv(codes: NDArray[np.uint8], areas: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Class and area of every region."""
    found = []
    for code in np.unique(codes[codes > 0]):
        number, labels = cv2.connectedComponents((codes == code).astype(np.uint8), connectivity=4)
        found += [(int(code), float(areas[labels == label].sum())) for label in range(1, number)]
    return found


@given(MAPS, st.integers(1, 12), st.integers(0, 2**16))
def test_bands_of_any_height_count_the_regions_of_the_whole(codes: NDArray[np.uint8], rows: int, seed: int) -> None:
    areas = np.random.default_rng(seed).uniform(0.5, 2000, codes.shape)
    sizes = count(codes, areas, rows)
    expected = regions_by_opencv(codes, areas)
    assert sizes.counts.sum() == len(expected)
    for code in range(1, 4):
        own = np.array([area for found, area in expected if found == code])
        assert sizes.largest[code] == pytest.approx(own.max(initial=0.0))
        edges = [*decade_areas(), np.inf]
        np.testing.assert_array_equal(sizes.counts[code], np.histogram(own, edges)[0])
        np.testing.assert_allclose(sizes.areas[code], np.histogram(own, edges, weights=own)[0])


def test_what_is_kept_between_bands_does_not_grow_with_the_map() -> None:
    sizes = RegionSizes(50)
    chance = np.random.default_rng(0)
    for _ in range(60):
        sizes.add(chance.integers(1, 4, (20, 50)).astype(np.uint8), np.ones((20, 50)))
        assert sizes._so_far.size <= 52
    sizes.finish()
    assert sizes.areas.sum() == 60 * 20 * 50
