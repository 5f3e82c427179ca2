"""Where patches lie, told without a map, is what a map would tell."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.grid import PixelRect, Size
from magnet_geo.progressive.points import nearest_cells
from magnet_geo.progressive.published import Coverage

SIZE = Size(23, 31)
PATCHES = st.lists(
    st.builds(PixelRect, st.integers(0, 15), st.integers(0, 20), st.integers(1, 8), st.integers(1, 11)), min_size=1
)


@given(PATCHES, st.integers(1, 30), st.integers(1, 30))
def test_times_and_pixels_per_cell_are_counted_right(patches: list[PixelRect], height: int, width: int) -> None:
    times = np.zeros((SIZE.height, SIZE.width), np.int64)
    for patch in patches:
        times[patch.slices] += 1
    cover = Coverage(patches, SIZE)
    np.testing.assert_array_equal(cover.times(slice(None), slice(None)), times)
    np.testing.assert_array_equal(cover.times(slice(4, 9), np.array([0, 3, 30])), times[4:9][:, [0, 3, 30]])
    assert cover.overlaps == bool((times > 1).any())
    counted = np.zeros((height, width), np.int64)
    owners = nearest_cells(height, SIZE.height)[:, None], nearest_cells(width, SIZE.width)[None, :]
    np.add.at(counted, owners, times > 0)
    np.testing.assert_array_equal(cover.pixels_per_cell(Size(height, width)), counted)
