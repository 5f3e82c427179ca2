"""`PatchCover`: where the patches of a level lie, without a map of it.

Shapes: H and W the level's rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelRect, Size
from magnet_geo.progressive.points import nearest_cells


class PatchCover:
    """How many of some patches cover each pixel of a level.

    Patches lie on a lattice, so that few rows differ, and few columns.

    Attributes:
        overlaps: Whether any pixel is covered more than once.
    """

    def __init__(self, patches: Sequence[PixelRect], size: Size) -> None:
        self._size = size
        self._row_kinds = _kinds([(patch.row, patch.row + patch.height) for patch in patches], size.height)
        self._col_kinds = _kinds([(patch.col, patch.col + patch.width) for patch in patches], size.width)
        self._times = np.zeros((self._row_kinds[-1] + 1, self._col_kinds[-1] + 1), np.int64)
        for patch in patches:
            rows, cols = (kinds[part] for kinds, part in zip(self._kinds, patch.slices, strict=True))
            self._times[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1] += 1
        self.overlaps = bool(self._times.max() > 1)

    @property
    def _kinds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self._row_kinds, self._col_kinds

    def times(self, rows: slice | NDArray[np.int64], cols: slice | NDArray[np.int64]) -> NDArray[np.int64]:
        """How many patches cover the pixels where some rows and columns cross: (rows, columns)."""
        return self._times[self._row_kinds[rows]][:, self._col_kinds[cols]]

    def pixels_per_cell(self, cells: Size) -> NDArray[np.int64]:
        """How many covered pixels are nearest to each cell, see `nearest_cells`: (cells.height, cells.width)."""
        rows = _shares(self._row_kinds, nearest_cells(cells.height, self._size.height), cells.height)
        cols = _shares(self._col_kinds, nearest_cells(cells.width, self._size.width), cells.width)
        return rows.T @ (self._times > 0).astype(np.int64) @ cols


def _kinds(spans: Sequence[tuple[int, int]], length: int) -> NDArray[np.int64]:
    """Numbers the stretches along an axis over which nothing begins or ends: (length,)."""
    edges = np.unique([edge for span in spans for edge in span])
    return np.searchsorted(edges, np.arange(length), side="right")


def _shares(kinds: NDArray[np.int64], owners: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """(kinds, cells) how many positions along an axis are of a kind and belong to a cell."""
    shares = np.zeros((kinds[-1] + 1, cells), np.int64)
    np.add.at(shares, (kinds, owners), 1)
    return shares
